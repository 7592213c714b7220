/** Everything that the README states, each part by a command of its own: what one leaves behind does not burden the next. */
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { UnavailableError } from '../errors.ts'
import { calmest, slowestCore } from './calm.ts'
import type { Row } from './row.ts'

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

/** All their rows; the machine only once. With more than one try, parts that others disturb are measured again, and rows come at the end. @throws UnavailableError when a part fails */
export async function* all(repeats: number, tries: number): AsyncGenerator<Row> {
  const measures = parts(availableParallelism()).map((part) => () => rowsOf([...part.split(' '), '--repeats', `${repeats}`]))
  let introduced = false
  for await (const rows of tries === 1 ? oneByOne(measures) : await calmest(tries, slowestCore, measures)) {
    yield* introduced ? rows.filter(({ what }) => what !== 'machine') : rows
    introduced = true
  }
}

async function* oneByOne<T>(measures: readonly (() => Promise<T>)[]): AsyncGenerator<T> {
  for (const measure of measures) yield await measure()
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
