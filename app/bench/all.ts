/** Everything that the README states, each part by a command of its own: what one leaves behind does not burden the next. */
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { UnavailableError } from '../errors.ts'
import { machine } from './machine.ts'
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
 * The machine, and the rows of each part as it is measured; and again, by turns, for so many minutes, until it was measured on quiet cores. A later
 * attempt only comes if it was quiet or faster, and replaces the former. @throws UnavailableError when a part fails
 */
export async function* all(repeats: number, patience: number): AsyncGenerator<Row> {
  yield { ...(await machine()), patience }
  const measures = parts(availableParallelism()).map(
    (part) => async () => apart(part, await rowsOf([...part.split(' '), '--repeats', `${repeats}`])),
  )
  const end = performance.now() + patience * 60_000
  const watch = await watchCores()
  try {
    const rounds = counting(measures, { rate, steady, quiet: watch.quiet, patient: () => quietUntil(watch.quiet, end) })
    for await (const { part, attempt, quietly, result } of rounds) for (const row of result) yield { ...row, part, attempt, quiet: quietly }
  } finally {
    await watch.close()
  }
}
/** What is judged together: each small program is by itself, contestants are with all they did. */
const apart = (part: string, rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> =>
  new Map(/^(gemm|kernels) /.test(part) ? rows.map((row) => [`${part}: ${row.what}`, [row]]) : [[part, rows]])

/** All medians together, ours and those of peers alike, so that choosing the fastest favours nobody. */
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
 * What measurements found, part by part: of all once, and then by turns when the cores are quiet, while one is patient. A part is done when it was
 * steady, and the cores were quiet before and after: then that is what counts, until then the fastest. A measurement whose parts are all done is over.
 */
export async function* counting<T>(
  measures: readonly (() => Promise<ReadonlyMap<string, T>>)[],
  { rate, steady, quiet, patient }: Conditions<T>,
): AsyncGenerator<{ readonly part: string; readonly attempt: number; readonly quietly: boolean; readonly result: T }> {
  const known = new Map<string, { readonly rated: number; readonly quietly: boolean }>()
  const open = new Set(measures)
  for (let attempt = 1; open.size > 0; attempt++)
    for (const measure of open) {
      const before = await (attempt === 1 ? quiet() : patient())
      if (attempt > 1 && !before) return
      const results = await measure()
      const around = before && (await quiet())
      for (const [part, result] of results) {
        const [former, rated, quietly] = [known.get(part), rate(result), around && steady(result)]
        if (former?.quietly || (former && !quietly && rated <= former.rated)) continue
        known.set(part, { rated, quietly })
        yield { part, attempt, quietly, result }
      }
      if ([...results.keys()].every((part) => known.get(part)?.quietly)) open.delete(measure)
    }
}

/** The machine's own row is not among them. */
const rowsOf = async (args: readonly string[]): Promise<readonly Row[]> => {
  const halograd = fileURLToPath(new URL('../cli/halograd.mjs', import.meta.url))
  const child = spawn(process.execPath, [halograd, 'bench', ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const rows: Row[] = []
  for await (const line of createInterface({ input: child.stdout })) rows.push(JSON.parse(line) as Row) // what `halograd bench` prints
  const code = await ended
  if (code !== 0) throw new UnavailableError(`halograd bench ${args.join(' ')} ended with ${code}`)
  return rows.filter((row) => !isMachine(row))
}
