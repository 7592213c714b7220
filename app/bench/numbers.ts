/**
 * The section of docs/benchmarks.md with the numbers, made from the results in the repository: `node --import tsx app/bench/numbers.ts` puts it there.
 * `npm run bench -- all --patience MINUTES --out app/bench/results/FILE.jsonl` measures them.
 */
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { putSection } from '../terminal/documents.ts'
import { isQuiet } from './quiet.ts'
import { type BenchRow, type Growth, isMachine, type Measurement, type Ratio } from './row.ts'

export const maker = 'app/bench/numbers.ts'
const folder = fileURLToPath(new URL('results/', import.meta.url))

/** A machine's results, by the name of their file. */
export interface BenchResults {
  readonly name: string
  readonly rows: readonly BenchRow[]
}
export const readResults = async (): Promise<readonly BenchResults[]> => {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.jsonl')).sort()
  return Promise.all(
    names.map(async (name) => {
      const lines = (await readFile(`${folder}${name}`, 'utf8')).trimEnd().split('\n')
      return { name, rows: lines.map((line) => JSON.parse(line) as BenchRow) } // as `halograd bench` printed them
    }),
  )
}

/** A table for each machine. */
export const numbers = (results: readonly BenchResults[]): string => results.map(table).join('\n\n')

const table = (results: BenchResults): string => {
  const found = finder(results)
  const { counts, rows } = found
  const first = counts.slice(0, 1)
  const once = (what: string) => (threads: number) =>
    first.includes(threads) ? times(rows.find((row): row is Growth => row.what === what && 'expected' in row)) : undefined
  return [
    heading(results),
    '',
    `| | ${counts.map((n) => `${n} thread${n === 1 ? '' : 's'}`).join(' | ')} |`,
    `|---|${counts.map(() => '---:').join('|')}|`,
    found.line('matrix product 512 × 512 × 512 (of the peak)', product(found, 'gemm 512×512×512 NN')),
    found.line('… with fused multiply-add (`--mode fast`)', product(found, 'gemm 512×512×512 NN', fused)),
    found.line('matrix product 64 × 64 × 64', product(found, 'gemm 64×64×64 NN')),
    found.line('softmax, an element', perElement(found, 'softmax')),
    found.line('cross-entropy and its gradient, an element', perElement(found, 'cross-entropy and its gradient')),
    ...['A', 'B', 'small', 'tiny'].flatMap((config) => training(found, config)),
    found.line('**generate** (stories260K’s size), tokens/s', (threads) =>
      thousands(found.measured('generate, 256 tokens', threads)?.['tokens/s']),
    ),
    found.line('**KTO** against SFT, operations a second', (threads) => times(found.ratio('operations a second', 'SFT', threads))),
    found.line('memory of 2,048 tokens against 4 × that of 512', once('memory of a step on 2048 tokens')),
    found.line('memory after 2,000 more steps', once('memory after 2000 steps of tiny')),
  ].join('\n')
}

/** What the rows of a machine say, by what was measured and on how many threads. */
const finder = ({ rows }: BenchResults) => {
  const counts = [...new Set(rows.flatMap((row) => ('threads' in row ? [row.threads] : [])))].sort((a, b) => a - b)
  const ratios = rows.filter((row): row is Ratio => 'pairs' in row)
  return {
    rows,
    counts,
    /** A line of the table: a cell for each number of threads. */
    line: (what: string, cell: (threads: number) => string | undefined): string =>
      `| ${[what, ...counts.map((threads) => cell(threads) ?? '–')].join(' | ')} |`,
    measured: (what: string, threads: number, how: RegExp = plain) =>
      rows.find(
        (row): row is Measurement =>
          row.what === what && 'median' in row && row.backend === 'wasm' && row.threads === threads && how.test(row.mode ?? ''),
      ),
    ratio: (what: string, peer: string, threads: number, how = /(?:)/) =>
      ratios.find((row) => row.what === what && row.threads === threads && row.against.startsWith(peer) && how.test(row.mode ?? '')),
    /** With its version. */
    fullName: (peer: string): string => ratios.find(({ against }) => against.startsWith(peer))?.against ?? peer,
  }
}
type Finder = ReturnType<typeof finder>

/** The machine, the command, and how many parts never had quiet cores. */
const heading = ({ name, rows }: BenchResults): string => {
  const machine = rows.find(isMachine)
  if (machine === undefined) throw new Error(`${name} does not begin with the machine: make it with halograd bench all --out`)
  const parts = (among: readonly BenchRow[]): number => new Set(among.map(({ part }) => part)).size
  const shortest = (threads: number): number =>
    Math.min(...rows.flatMap((row) => ('threads' in row && row.threads === threads ? (row.look ?? []) : [])))
  const disturbed = parts(rows.filter((row) => 'threads' in row && row.look !== undefined && !isQuiet(row.look, shortest(row.threads))))
  const noise = disturbed === 0 ? '' : ` Of ${parts(rows.filter(({ part }) => part))} parts, ${disturbed} never had quiet cores.`
  return `${machine.machine}, ${machine.date}: one core does ${machine['peak GF/s']} GF/s of multiply-adds in 128-bit SIMD (measured). \`npm run bench -- all --patience ${machine.patience ?? 0} --out app/bench/results/${name}\`, medians.${noise}`
}

const product =
  ({ measured }: Finder, what: string, how?: RegExp) =>
  (threads: number): string | undefined => {
    const row = measured(what, threads, how)
    return row && `${row['GF/s']} GF/s (${percent(row.fraction)})`
  }

const perElement =
  ({ measured }: Finder, what: string) =>
  (threads: number): string | undefined => {
    const row = measured(what, threads)
    return row && `${row['ns/element']?.toPrecision(2)} ns`
  }

/** The lines of a configuration: tokens a second, against others and with other products; memory; the first step. */
const training = ({ line, measured, ratio, fullName }: Finder, config: string): readonly string[] => {
  const what = `train ${config}`
  const speed = (how?: RegExp) => (threads: number) => thousands(measured(what, threads, how)?.['tokens/s'])
  return [
    line(`**${what}**, tokens/s`, speed()),
    line(`… against ${fullName('jax-js')}`, (threads) => times(ratio(what, 'jax-js', threads, plain))),
    line('… with fused multiply-add (`--mode fast`), tokens/s', speed(fused)),
    line('… against jax-js, which uses it, too', (threads) => times(ratio(what, 'jax-js', threads, fused))),
    line('… with OpenBLAS, tokens/s', speed(withBlas)),
    line(`… against ${fullName('pytorch')}`, (threads) => times(ratio(what, 'pytorch', threads))),
    line('… its peak memory against that', (threads) => times(withMemory(ratio(what, 'pytorch', threads)))),
    line('… first step: trace, plan, compile', (threads) => {
      const row = measured(what, threads)
      return row && `${Math.round((row['trace ms'] ?? Number.NaN) + (row['compile ms'] ?? Number.NaN))} ms`
    }),
  ]
}

const [plain, fused, withBlas] = [/^\d+ threads?$/, /fused/, /blas|mkl|accelerate/i]
const percent = (fraction = Number.NaN): string => `${Math.round(100 * fraction)} %`
const thousands = (n: number | undefined): string | undefined => n?.toLocaleString('en')
const times = (row: { readonly ratio: number } | undefined): string | undefined => row && `${row.ratio.toFixed(2)} ×`
const withMemory = (row: Ratio | undefined) => (row?.memory === undefined ? undefined : { ratio: row.memory })

if (process.argv[1] === fileURLToPath(import.meta.url)) await putSection('docs/benchmarks.md', maker, numbers(await readResults()))
