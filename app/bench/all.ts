/** Everything that the README states, each part by a command of its own: what one leaves behind does not burden the next. */
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { UnavailableError } from '../errors.ts'
import { isMachine, type Row } from './row.ts'

/** Arguments of `halograd bench`. With one thread, and with one a core. */
const parts = (cores: number): readonly string[] => {
  const counts = cores === 1 ? [1] : [1, cores]
  return [
    ...counts.flatMap((threads) => [`gemm --threads ${threads}`, `gemm --mode fast --threads ${threads}`, `kernels --threads ${threads}`]),
    ...['tiny', 'small', 'A', 'B'].flatMap((name) =>
      counts.flatMap((threads) => [
        `train --config ${name} --threads ${threads} --against jax-js`,
        `train --config ${name} --threads ${threads} --mode fast --against jax-js`,
        `train --config ${name} --threads ${threads} --blas auto --against pytorch`,
      ]),
    ),
    'train --config tiny --steps 2000 --threads 1',
    'train --long --threads 1',
    ...counts.map((threads) => `generate --threads ${threads}`),
    'losses --threads 1',
  ]
}

/**
 * The rows of each part, as it is measured: of all parts by turns, `tries` times. A later attempt only comes if it was faster, and replaces the
 * former. Rows name their part; the machine comes once. @throws UnavailableError when a part fails
 */
export async function* all(repeats: number, tries: number): AsyncGenerator<Row> {
  const names = parts(availableParallelism())
  const measures = names.map((part) => () => rowsOf([...part.split(' '), '--repeats', `${repeats}`]))
  let introduced = false
  for await (const { part, attempt, result } of fastest(tries, measures, rate)) {
    for (const row of result)
      if (!isMachine(row)) yield { ...row, part: names[part]!, attempt }
      else if (!introduced) yield { ...row, tries }
    introduced = true
  }
}
/** All medians of a part together, ours and those of peers alike, so that choosing the fastest favours nobody. */
const rate = (rows: readonly Row[]): number => -rows.reduce((sum, row) => ('median' in row ? sum + Math.log(row.median) : sum), 0)

/** What measurements found, by turns, `tries` times; again where it is rated higher than before. */
export async function* fastest<T>(
  tries: number,
  measures: readonly (() => Promise<T>)[],
  rate: (result: T) => number,
): AsyncGenerator<{ readonly part: number; readonly attempt: number; readonly result: T }> {
  const best = measures.map(() => Number.NEGATIVE_INFINITY)
  for (let attempt = 1; attempt <= tries; attempt++)
    for (const [part, measure] of measures.entries()) {
      const result = await measure()
      const rated = rate(result)
      if (rated <= best[part]!) continue
      best[part] = rated
      yield { part, attempt, result }
    }
}

const rowsOf = async (args: readonly string[]): Promise<readonly Row[]> => {
  const halograd = fileURLToPath(new URL('../cli/halograd.mjs', import.meta.url))
  const child = spawn(process.execPath, [halograd, 'bench', ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const rows: Row[] = []
  for await (const line of createInterface({ input: child.stdout })) rows.push(JSON.parse(line) as Row) // what `halograd bench` prints
  const code = await ended
  if (code !== 0) throw new UnavailableError(`halograd bench ${args.join(' ')} ended with ${code}`)
  return rows
}
