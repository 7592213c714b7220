/** Everything that the README states, each part by a command of its own: what one leaves behind does not burden the next. */

import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import { UnavailableError } from '../terminal/errors.ts'
import { loaderFlags, sourceFile } from '../terminal/sources.ts'
import { machine } from './machine.ts'
import { isQuiet, watchCores } from './quiet.ts'
import { type BenchRow, isMachine } from './row.ts'

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
 * The machine, and the rows of each part, with one thread and with one a core: measured when the cores are quiet, if they are within so many
 * minutes; else, whatever they are. A later attempt only comes if cores were quieter, and replaces the former.
 * @throws UnavailableError when a part fails
 */
export async function* all(repeats: number, patience: number): AsyncGenerator<BenchRow> {
  yield { ...(await machine()), patience }
  const counts = [...new Set([availableParallelism(), 1])]
  const trials = counts.flatMap((threads) =>
    parts(threads).map((part) => ({ threads, measure: () => rowsOf(`${part} --threads ${threads}`, ['--repeats', `${repeats}`]) })),
  )
  const watches = new Map(await Promise.all(counts.map(async (threads) => [threads, await watchCores(threads)] as const)))
  const end = performance.now() + patience * 60_000
  try {
    const look = (threads: number): Promise<number> => watches.get(threads)!.look()
    for await (const { part, attempt, result } of counting(trials, { lookOf, look, patient: () => performance.now() < end, pause }))
      for (const row of result) yield { ...row, part, attempt }
  } finally {
    for (const { close } of watches.values()) await close()
  }
}
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1000))
/** The look of rows; but what was disturbed on its own comes after all that was not. */
const lookOf = (rows: readonly BenchRow[]): number => Math.max(...rows.map(({ look = 0 }) => look)) * (rows.every(steady) ? 1 : 100)
/** The spread of microseconds is a third on any day; that of a peer may be its own. */
const steady = (row: BenchRow): boolean => !('spread' in row) || row.spread < (row.backend === 'wasm' && row.median > 1 ? 0.2 : 0.5)

/** What can be measured again. */
export interface Trial<T> {
  readonly threads: number
  /** Results, by the name of what is judged by itself. */
  readonly measure: () => Promise<ReadonlyMap<string, T>>
}
export interface Conditions<T> {
  /** Of a result: what a look took meanwhile. */
  readonly lookOf: (result: T) => number
  /** Looks at so many cores now. */
  readonly look: (threads: number) => Promise<number>
  /** Whether to wait for quiet cores; and until the next look. */
  readonly patient: () => boolean
  readonly pause: () => Promise<void>
}
/**
 * What trials found, part by part: by turns, those whose cores are quiet, first those that need many; and when patience ends, what is missing.
 * Of several attempts that on the quietest cores counts, whatever it found. A trial is over when each of its parts was measured on quiet ones.
 */
export async function* counting<T>(
  trials: readonly Trial<T>[],
  { lookOf, look, patient, pause }: Conditions<T>,
): AsyncGenerator<{ readonly part: string; readonly attempt: number; readonly result: T }> {
  const shortest = new Map<number, number>()
  const learnt = (threads: number, took: number): number => {
    shortest.set(threads, Math.min(took, shortest.get(threads) ?? took))
    return took
  }
  const quiet = (threads: number, took: number): boolean => isQuiet(took, shortest.get(threads)!)
  /** Those whose turn it is come first. `looks`: of what counts so far. */
  const turns = trials.map((trial) => ({ ...trial, attempt: 0, looks: new Map<string, number>() }))
  type Turn = (typeof turns)[number]
  const isOver = ({ threads, looks, attempt }: Turn): boolean => attempt > 0 && [...looks.values()].every((took) => quiet(threads, took))
  const onQuietCores = async (waiting: readonly Turn[]): Promise<Turn | undefined> => {
    const counts = [...new Set(waiting.map(({ threads }) => threads))].sort((a, b) => b - a)
    for (const count of counts) if (quiet(count, learnt(count, await look(count)))) return waiting.find(({ threads }) => threads === count)
    return undefined
  }
  for (;;) {
    const waiting = turns.filter((turn) => !isOver(turn))
    const wait = waiting.length > 0 && patient()
    const next = wait ? await onQuietCores(waiting) : waiting.find(({ attempt }) => attempt === 0)
    if (next === undefined) {
      if (!wait) return
      await pause()
      continue
    }
    turns.push(...turns.splice(turns.indexOf(next), 1))
    next.attempt++
    for (const [part, result] of await next.measure()) {
      const took = learnt(next.threads, lookOf(result))
      if (took >= (next.looks.get(part) ?? Number.POSITIVE_INFINITY)) continue
      next.looks.set(part, took)
      yield { part, attempt: next.attempt, result }
    }
  }
}

/** By what is judged together: each small program is by itself, contestants are with all they did. The machine's own row is not among them. */
const rowsOf = async (part: string, options: readonly string[]): Promise<ReadonlyMap<string, readonly BenchRow[]>> => {
  const halograd = [...loaderFlags(), sourceFile('../cli/bin.ts', import.meta.url)]
  const child = spawn(process.execPath, [...halograd, 'bench', ...part.split(' '), ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const read: BenchRow[] = []
  for await (const line of createInterface({ input: child.stdout })) read.push(JSON.parse(line) as BenchRow) // what `halograd bench` prints
  const code = await ended
  if (code !== 0) throw new UnavailableError(`halograd bench ${part} ended with ${code}`)
  const rows = read.filter((row) => !isMachine(row))
  return new Map(/^(gemm|kernels) /.test(part) ? rows.map((row) => [`${part}: ${row.what}`, [row]]) : [[part, rows]])
}
