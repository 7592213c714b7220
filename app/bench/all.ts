/** Everything that the README states, each part by a command of its own: what one leaves behind does not burden the next. */
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { UnavailableError } from '../errors.ts'
import { quietUntil, watchCores } from './quiet.ts'
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
 * The rows of each part, as it is measured; and again, by turns, for so many minutes, until it was measured on quiet cores. A later attempt only
 * comes if it was quiet or faster, and replaces the former. Rows name their part; the machine comes once. @throws UnavailableError when a part fails
 */
export async function* all(repeats: number, patience: number): AsyncGenerator<Row> {
  const names = parts(availableParallelism())
  const measures = names.map((part) => () => rowsOf([...part.split(' '), '--repeats', `${repeats}`]))
  const end = performance.now() + patience * 60_000
  const watch = await watchCores()
  let introduced = false
  try {
    const rounds = counting(measures, {
      ...{ rate, steady },
      quiet: watch.quiet,
      patient: () => quietUntil(watch.quiet, end),
    })
    for await (const { part, attempt, quietly, result } of rounds) {
      for (const row of result)
        if (!isMachine(row)) yield { ...row, part: names[part]!, attempt, quiet: quietly }
        else if (!introduced) yield { ...row, patience }
      introduced = true
    }
  } finally {
    await watch.close()
  }
}
/** All medians of a part together, ours and those of peers alike, so that choosing the fastest favours nobody. */
const rate = (rows: readonly Row[]): number => -rows.reduce((sum, row) => ('median' in row ? sum + Math.log(row.median) : sum), 0)
/** No row was disturbed on its own. (The spread of microseconds is a third on any day.) */
const steady = (rows: readonly Row[]): boolean => rows.every((row) => !('spread' in row) || row.spread < 0.5)

export interface Conditions<T> {
  readonly rate: (result: T) => number
  readonly steady: (result: T) => boolean
  /** Are the cores quiet? */
  readonly quiet: () => Promise<boolean>
  /** Waits until they are; or no longer, which it says. */
  readonly patient: () => Promise<boolean>
}
/**
 * What measurements found: of all once, and then by turns when the cores are quiet, while one is patient. One is done when it was steady, and the
 * cores were quiet before and after: then that is what counts, until then the fastest.
 */
export async function* counting<T>(
  measures: readonly (() => Promise<T>)[],
  { rate, steady, quiet, patient }: Conditions<T>,
): AsyncGenerator<{ readonly part: number; readonly attempt: number; readonly quietly: boolean; readonly result: T }> {
  const best = measures.map(() => Number.NEGATIVE_INFINITY)
  const done = new Set<number>()
  for (let attempt = 1; done.size < measures.length; attempt++)
    for (const [part, measure] of measures.entries()) {
      if (done.has(part)) continue
      const before = await (attempt === 1 ? quiet() : patient())
      if (attempt > 1 && !before) return
      const result = await measure()
      const quietly = before && (await quiet()) && steady(result)
      if (quietly) done.add(part)
      const rated = rate(result)
      if (!quietly && rated <= best[part]!) continue
      best[part] = rated
      yield { part, attempt, quietly, result }
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
