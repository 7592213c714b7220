/** Whatever the program, the order of its axes and the options of the planner: a plan means what the graph means. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Options, plan } from '../../backends/plan/index.ts'
import { interpret } from '../../backends/plan/interpret.ts'
import { reference } from '../../backends/reference/index.ts'
import type { Graph } from '../../core/index.ts'
import { generator, randomProgram } from './random-programs.ts'

const optionsFor = (seed: number): Options => {
  const next = generator(seed ^ 0x5eed)
  const pick = <T>(...xs: readonly T[]): T => xs[Math.floor(next() * xs.length)]!
  return {
    fuse: pick('all', 'all', 'maps', 'none'),
    horizontal: next() < 0.7,
    recompute: pick('cheap', 'cheap', 'none', 'all'),
    accumulate: next() < 0.7,
    minTile: pick(2, 4),
    layout: next() < 0.8,
    causal: next() < 0.8,
    block: pick(1, 2, 4),
    chunk: pick(2, 3, 4),
    chunkAbove: pick(0, 1e9),
    chunkElements: pick(1, 6, 1e9),
    axes: [...'abcdefgh']
      .map((axis) => [next(), axis] as const)
      .sort()
      .map(([, axis]) => axis),
  }
}
const meaning = async (graph: Graph, data: readonly Float64Array[]): Promise<readonly ArrayLike<number>[]> => {
  const backend = reference()
  const { run } = await backend.compile({ ...graph, donated: new Map() })
  return Promise.all((await run(data.map(backend.upload))).map(backend.download))
}
const differ = (got: ArrayLike<number>, want: ArrayLike<number>): string | undefined => {
  if (got.length !== want.length) return `${got.length} numbers instead of ${want.length}`
  const scale = Array.from(want).reduce((m, x) => (Number.isFinite(x) ? Math.max(m, Math.abs(x)) : m), 1)
  const at = Array.from(want).findIndex((x, i) => !(Object.is(x, got[i]) || x === got[i] || Math.abs(x - got[i]!) <= 3e-6 * scale))
  return at < 0 ? undefined : `element ${at} is ${got[at]} instead of ${want[at]}`
}
const check = async (seed: number): Promise<string | undefined> => {
  const { graph, data } = randomProgram(seed)
  const options = optionsFor(seed)
  const want = await meaning(graph, data)
  const got = interpret(plan(graph, options), data)
  const flaws = want.flatMap((w, o) => differ(got[o]!, w) ?? []).map((flaw, o) => `output ${o}: ${flaw}`)
  return flaws.length === 0 ? undefined : `seed ${seed} ${JSON.stringify(options)}: ${flaws[0]}`
}

test('random programs and their gradients are planned without changing their meaning', async () => {
  const count = Number(process.env.FUZZ ?? 300)
  const start = Number(process.env.SEED ?? 1)
  const flaws: string[] = []
  for (let seed = start; seed < start + count; seed++) {
    const flaw = await check(seed).catch((error: Error) => `seed ${seed}: ${error.stack}`)
    if (flaw !== undefined) flaws.push(flaw)
  }
  assert.deepEqual(flaws.slice(0, 10), [], `${flaws.length} of ${count} programs`)
})
