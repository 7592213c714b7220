/** Every backend, in every mode that is here, against the reference: kernel kind by kernel kind, then program by program. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { reference } from '../../backends/index.ts'
import { type Backend, broadcastTo, dispose, evaluate, type Graph, read } from '../../core/index.ts'
import { randomProgram } from '../plan/random-programs.ts'
import { type Case, dice, kinds } from './cases.ts'
import { programs } from './programs.ts'
import { type Variant, variants } from './variant.ts'

const seeds = [1, 2]
const steps = 4
const randomPrograms = 12
const oracle = reference()

/** The results of a case, each in a random order of its axes. */
const results = async (backend: Backend, { outputs }: Case, seed: number): Promise<readonly ArrayLike<number>[]> => {
  const d = dice(seed)
  const tree = await evaluate(
    backend,
    outputs(d).map((x) => broadcastTo(x, d.order(x.shape))),
  )
  const values: ArrayLike<number>[] = []
  for (const x of tree) values.push(await read(backend, x))
  dispose(backend, tree)
  return values
}

const compare = (what: string, got: ArrayLike<number>, want: ArrayLike<number>, tolerance: number): void => {
  assert.equal(got.length, want.length, what)
  const scale = Math.max(1, ...Array.from(want, Math.abs))
  for (let i = 0; i < want.length; i++) {
    const close = tolerance === 0 ? got[i] === want[i] : Math.abs(got[i]! - want[i]!) <= tolerance * scale
    assert.ok(close, `${what}[${i}] is ${got[i]}, not ${want[i]}`)
  }
}

/** Upload, run once, download. */
const outcome = async (backend: Backend, graph: Graph, data: readonly ArrayLike<number>[]): Promise<readonly ArrayLike<number>[]> => {
  const { run } = await backend.compile(graph)
  const inputs = data.map((x) => backend.upload(x))
  const outputs = await run(inputs)
  const donated = new Set(graph.donated.values())
  const values = await Promise.all(outputs.map((x) => backend.download(x)))
  for (const x of [...inputs.filter((_, i) => !donated.has(i)), ...outputs]) backend.free(x)
  return values
}

const suite = (variant: Variant, skip: string | false): void => {
  const { name, tolerance } = variant
  let opened: Promise<Backend> | undefined
  const backend = (): Promise<Backend> => {
    opened ??= variant.open()
    return opened
  }
  for (const [kind, one] of Object.entries(kinds))
    test(`${name}: ${kind}`, { skip }, async () => {
      for (const seed of seeds) {
        const want = await results(oracle, one, seed)
        const got = await results(await backend(), one, seed)
        for (const [o, x] of want.entries()) compare(`seed ${seed}, result ${o}`, got[o]!, x, one.exact ? 0 : tolerance)
      }
    })
  for (const [program, make] of Object.entries(programs))
    test(`${name}: ${steps} training steps of a ${program}`, { skip }, async () => {
      const want = await make(dice(3))(oracle, steps)
      const got = await make(dice(3))(await backend(), steps)
      compare('loss after each step', got.losses, want.losses, 1e-4)
      for (const [i, x] of want.parameters.entries()) compare(`parameter ${i}`, got.parameters[i]!, x, 1e-3)
      assert.equal(got.live[1], got.live[0], 'a step leaves more arrays alive than the one before')
    })
  test(`${name}: ${randomPrograms} random programs, their gradients, and donated state`, { skip }, async () => {
    for (let seed = 1; seed <= randomPrograms; seed++) {
      const { graph, data } = randomProgram(seed)
      const want = await outcome(oracle, { ...graph, donated: new Map() }, data)
      const got = await outcome(await backend(), graph, data)
      // Sums that cancel are as exact as their largest part.
      for (const [o, x] of want.entries()) compare(`program ${seed}, output ${o}`, got[o]!, x, 1e-4)
    }
  })
  test(`${name}: every array that was made was freed`, { skip }, async () => {
    assert.equal((await backend()).live(), 0)
    await (await backend()).close?.()
  })
}

for (const variant of await variants()) {
  const absent = await variant.absent()
  suite(variant, absent === undefined ? false : `${variant.name} is not available here: ${absent}`)
}
