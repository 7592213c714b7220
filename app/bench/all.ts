/** Everything that the README states, each part by a command of its own: what one leaves behind does not burden the next. */
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { UnavailableError } from '../errors.ts'
import { machine } from './machine.ts'
import { quietUntil, watchCores } from './quiet.ts'
import { isMachine, type Row } from './row.ts'

/** Arguments of `halograd bench`, with so many threads. */
const parts = (threads: number): readonly string[] => [
  ...['gemm', 'gemm --mode fast', 'kernels', 'generate'],
  ...['tiny', 'small', 'A', 'B'].flatMap((name) => [
    `train --config ${name} --against jax-js`,
    `train --config ${name} --mode fast --against jax-js`,
    `train --config ${name} --blas auto --against pytorch`,
  ]),
  ...(threads === 1 ? ['train --config tiny --steps 2000', 'train --long', 'losses'] : []),
]

/**
 * The machine, and the rows of each part as it is measured, with one thread and with one a core; and again, for so many minutes, until it was
 * measured on quiet cores. A later attempt only comes if it was quiet or faster, and replaces the former.
 * @throws UnavailableError when a part fails
 */
export async function* all(repeats: number, patience: number): AsyncGenerator<Row> {
  yield { ...(await machine()), patience }
  const counts = [...new Set([1, availableParallelism()])]
  const trials = counts.flatMap((threads) =>
    parts(threads).map((part) => ({ threads, measure: () => rowsOf(`${part} --threads ${threads}`, ['--repeats', `${repeats}`]) })),
  )
  const watch = await watchCores(counts)
  const end = performance.now() + patience * 60_000
  try {
    const found = counting(trials, { rate, steady, quiet: watch.quiet, patient: (among) => quietUntil(among, watch.quiet, end) })
    for await (const { part, attempt, quietly, result } of found) for (const row of result) yield { ...row, part, attempt, quiet: quietly }
  } finally {
    await watch.close()
  }
}
/** All medians together, ours and those of peers alike, so that choosing the fastest favours nobody. */
const rate = (rows: readonly Row[]): number => -rows.reduce((sum, row) => ('median' in row ? sum + Math.log(row.median) : sum), 0)
/** No row was disturbed on its own. (The spread of microseconds is a third on any day; that of a peer may be its own.) */
const steady = (rows: readonly Row[]): boolean =>
  rows.every((row) => !('spread' in row) || row.spread < (row.backend === 'wasm' && row.median > 1 ? 0.2 : 0.5))

/** What can be measured again. */
export interface Trial<T> {
  readonly threads: number
  /** Results, by the name of what is judged by itself. */
  readonly measure: () => Promise<ReadonlyMap<string, T>>
}
export interface Conditions<T> {
  readonly rate: (result: T) => number
  readonly steady: (result: T) => boolean
  /** Are so many cores quiet? */
  readonly quiet: (threads: number) => Promise<boolean>
  /** Waits until they are: for one of these numbers. Or no longer, and then for none. */
  readonly patient: (among: readonly number[]) => Promise<number | undefined>
}
/**
 * What trials found, part by part: all once, and then by turns those whose cores are quiet, while one is patient. A part is done when it was
 * steady, and the cores were quiet before and after: then that is what counts, until then the fastest. A trial is over when its parts are done.
 */
export async function* counting<T>(
  trials: readonly Trial<T>[],
  { rate, steady, quiet, patient }: Conditions<T>,
): AsyncGenerator<{ readonly part: string; readonly attempt: number; readonly quietly: boolean; readonly result: T }> {
  const known = new Map<string, { readonly rated: number; readonly quietly: boolean }>()
  const waiting = trials.map((trial) => ({ ...trial, attempt: 1 }))
  while (waiting.length > 0) {
    const first = waiting[0]!.attempt === 1
    const threads = first ? waiting[0]!.threads : await patient([...new Set(waiting.map((trial) => trial.threads))])
    const next = waiting.find((trial) => trial.threads === threads)
    if (threads === undefined || next === undefined) return
    waiting.splice(waiting.indexOf(next), 1)
    const before = first ? await quiet(threads) : true
    const results = await next.measure()
    const around = before && (await quiet(threads))
    for (const [part, result] of results) {
      const [former, rated, quietly] = [known.get(part), rate(result), around && steady(result)]
      if (former?.quietly || (former && !quietly && rated <= former.rated)) continue
      known.set(part, { rated, quietly })
      yield { part, attempt: next.attempt, quietly, result }
    }
    if (![...results.keys()].every((part) => known.get(part)?.quietly)) waiting.push({ ...next, attempt: next.attempt + 1 })
  }
}

/** By what is judged together: each small program is by itself, contestants are with all they did. The machine's own row is not among them. */
const rowsOf = async (part: string, options: readonly string[]): Promise<ReadonlyMap<string, readonly Row[]>> => {
  const halograd = fileURLToPath(new URL('../cli/halograd.mjs', import.meta.url))
  const child = spawn(process.execPath, [halograd, 'bench', ...part.split(' '), ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const read: Row[] = []
  for await (const line of createInterface({ input: child.stdout })) read.push(JSON.parse(line) as Row) // what `halograd bench` prints
  const code = await ended
  if (code !== 0) throw new UnavailableError(`halograd bench ${part} ended with ${code}`)
  const rows = read.filter((row) => !isMachine(row))
  return new Map(/^(gemm|kernels) /.test(part) ? rows.map((row) => [`${part}: ${row.what}`, [row]]) : [[part, rows]])
}
