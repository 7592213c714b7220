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

const table = ({ name, rows }: BenchResults): string => {
  const machine = rows.find(isMachine)
  if (machine === undefined) throw new Error(`${name} does not begin with the machine: make it with halograd bench all --out`)
  const counts = [...new Set(rows.flatMap((row) => ('threads' in row ? [row.threads] : [])))].sort((a, b) => a - b)
  const line = (what: string, cell: (threads: number) => string | undefined): string =>
    `| ${[what, ...counts.map((threads) => cell(threads) ?? '–')].join(' | ')} |`
  const measured = (what: string, threads: number, how: RegExp = plain) =>
    rows.find(
      (row): row is Measurement =>
        row.what === what && 'median' in row && row.backend === 'wasm' && row.threads === threads && how.test(row.mode ?? ''),
    )
  const ratios = rows.filter((row): row is Ratio => 'pairs' in row)
  const ratio = (what: string, peer: string, threads: number, how = /(?:)/) =>
    ratios.find((row) => row.what === what && row.threads === threads && row.against.startsWith(peer) && how.test(row.mode ?? ''))
  /** With its version. */
  const fullName = (peer: string): string => ratios.find(({ against }) => against.startsWith(peer))?.against ?? peer
  const growth = (what: string) => rows.find((row): row is Growth => row.what === what && 'expected' in row)

  const product =
    (what: string, how = plain) =>
    (threads: number) => {
      const row = measured(what, threads, how)
      return row && `${row['GF/s']} GF/s (${percent(row.fraction)})`
    }
  const perElement = (what: string) => (threads: number) => {
    const row = measured(what, threads)
    return row && `${row['ns/element']?.toPrecision(2)} ns`
  }
  const training = (config: string) => [
    line(`**train ${config}**, tokens/s`, (threads) => thousands(measured(`train ${config}`, threads)?.['tokens/s'])),
    line(`… against ${fullName('jax-js')}`, (threads) => times(ratio(`train ${config}`, 'jax-js', threads, plain))),
    line('… with fused multiply-add (`--mode fast`), tokens/s', (threads) =>
      thousands(measured(`train ${config}`, threads, fused)?.['tokens/s']),
    ),
    line('… against jax-js, which uses it, too', (threads) => times(ratio(`train ${config}`, 'jax-js', threads, fused))),
    line('… with OpenBLAS, tokens/s', (threads) => thousands(measured(`train ${config}`, threads, withBlas)?.['tokens/s'])),
    line(`… against ${fullName('pytorch')}`, (threads) => times(ratio(`train ${config}`, 'pytorch', threads))),
    line('… its peak memory against that', (threads) => times(withMemory(ratio(`train ${config}`, 'pytorch', threads)))),
    line('… first step: trace, plan, compile', (threads) => {
      const row = measured(`train ${config}`, threads)
      return row && `${Math.round((row['trace ms'] ?? Number.NaN) + (row['compile ms'] ?? Number.NaN))} ms`
    }),
  ]
  const first = counts.slice(0, 1)
  const parts = (among: readonly BenchRow[]): number => new Set(among.map(({ part }) => part)).size
  const shortest = (threads: number): number =>
    Math.min(...rows.flatMap((row) => ('threads' in row && row.threads === threads ? (row.look ?? []) : [])))
  const disturbed = parts(rows.filter((row) => 'threads' in row && row.look !== undefined && !isQuiet(row.look, shortest(row.threads))))
  const noise = disturbed === 0 ? '' : ` Of ${parts(rows.filter(({ part }) => part))} parts, ${disturbed} never had quiet cores.`
  return [
    `${machine.machine}, ${machine.date}: one core does ${machine['peak GF/s']} GF/s of multiply-adds in 128-bit SIMD (measured). \`npm run bench -- all --patience ${machine.patience ?? 0} --out app/bench/results/${name}\`, medians.${noise}`,
    '',
    `| | ${counts.map((n) => `${n} thread${n === 1 ? '' : 's'}`).join(' | ')} |`,
    `|---|${counts.map(() => '---:').join('|')}|`,
    line('matrix product 512 × 512 × 512 (of the peak)', product('gemm 512×512×512 NN')),
    line('… with fused multiply-add (`--mode fast`)', product('gemm 512×512×512 NN', fused)),
    line('matrix product 64 × 64 × 64', product('gemm 64×64×64 NN')),
    line('softmax, an element', perElement('softmax')),
    line('cross-entropy and its gradient, an element', perElement('cross-entropy and its gradient')),
    ...['A', 'B', 'small', 'tiny'].flatMap(training),
    line('**generate** (stories260K’s size), tokens/s', (threads) => thousands(measured('generate, 256 tokens', threads)?.['tokens/s'])),
    line('**KTO** against SFT, operations a second', (threads) => times(ratio('operations a second', 'SFT', threads))),
    line('memory of 2,048 tokens against 4 × that of 512', (threads) =>
      first.includes(threads) ? times(growth('memory of a step on 2048 tokens')) : undefined,
    ),
    line('memory after 2,000 more steps', (threads) =>
      first.includes(threads) ? times(growth('memory after 2000 steps of tiny')) : undefined,
    ),
  ].join('\n')
}

const [plain, fused, withBlas] = [/^\d+ threads?$/, /fused/, /blas|mkl|accelerate/i]
const percent = (fraction = Number.NaN): string => `${Math.round(100 * fraction)} %`
const thousands = (n: number | undefined): string | undefined => n?.toLocaleString('en')
const times = (row: { readonly ratio: number } | undefined): string | undefined => row && `${row.ratio.toFixed(2)} ×`
const withMemory = (row: Ratio | undefined) => (row?.memory === undefined ? undefined : { ratio: row.memory })

if (process.argv[1] === fileURLToPath(import.meta.url)) await putSection('docs/benchmarks.md', maker, numbers(await readResults()))
