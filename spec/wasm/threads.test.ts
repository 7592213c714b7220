/** Threads: the same bits at any number of them, no thread that outlives its use, and errors that say what happened. */
import { strict as assert } from 'node:assert'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { wasm } from '../../backends/wasm/index.ts'
import {
  add,
  compileStep,
  dispose,
  dot,
  evaluate,
  gelu,
  leaves,
  logSumExp,
  mean,
  mul,
  normals,
  read,
  rename,
  softmax,
  sub,
  type Tensor,
  take,
  tensor,
  valueAndGrad,
  zipTree,
} from '../../core/index.ts'

const sizes = { batch: 4, seq: 64, embed: 96, hidden: 192, vocab: 50 }
const sample = <A extends keyof typeof sizes>(salt: number, scale: number, ...axes: readonly A[]): Tensor<A> => {
  const shape = Object.fromEntries(axes.map((axis) => [axis, sizes[axis]])) as { readonly [K in A]: number } // the axes named
  const count = axes.reduce((n, axis) => n * sizes[axis], 1)
  return tensor(
    shape,
    Float32Array.from(normals(3, salt, count), (x) => x * scale),
  )
}
const mapTokens = (f: (i: number) => number) =>
  tensor(
    { batch: sizes.batch, seq: sizes.seq },
    Float32Array.from({ length: sizes.batch * sizes.seq }, (_, i) => f(i)),
  )
const tokens = mapTokens((i) => (i * 7) % sizes.vocab)
const initial = {
  table: sample(1, 0.5, 'vocab', 'embed'),
  up: sample(2, 0.1, 'embed', 'hidden'),
  bias: sample(3, 0.1, 'hidden'),
  down: sample(4, 0.1, 'hidden', 'embed'),
}
const targets = mapTokens((i) => (i * 11 + 3) % sizes.vocab)
/** Embedding, attention, a perceptron with biases, cross-entropy: all kinds of kernels, and all ways to share them. */
const loss = (p: typeof initial): Tensor => {
  const x = take(p.table, 'vocab', tokens)
  const weights = softmax(mul(dot(x, rename(x, 'seq', 'past'), 'embed'), 0.1), 'past')
  const y = add(x, dot(weights, rename(x, 'seq', 'past'), 'past'))
  const z = add(y, dot(gelu(add(dot(y, p.up, 'embed'), p.bias)), p.down, 'hidden'))
  const logits = dot(z, p.table, 'embed')
  return mean(sub(logSumExp(logits, 'vocab'), take(logits, 'vocab', targets)), 'batch', 'seq')
}

/** Losses of some steps of gradient descent, and the parameters after them. */
const descend = async (threads: number): Promise<readonly Float32Array[]> => {
  const backend = await wasm({ threads })
  const step = compileStep(backend, (p: typeof initial) => {
    const [value, gradient] = valueAndGrad(loss)(p)
    return [zipTree(p, [gradient], (x, g) => sub(x!, mul(0.02, g!))), value] as const
  })
  let state = await evaluate(backend, initial)
  const { mode } = await step.report(state)
  assert.equal(mode, threads === 1 ? '1 thread' : `${threads} threads`)
  const results: Float32Array[] = []
  for (let i = 0; i < 5; i++) {
    const [next, value] = await step(state)
    results.push(Float32Array.from(await read(backend, value)))
    dispose(backend, value)
    state = next
  }
  for (const x of leaves(state)) results.push(Float32Array.from(await read(backend, x)))
  dispose(backend, state)
  assert.equal(backend.live(), 0)
  await backend.close?.()
  return results
}

test('the number of threads does not change a bit', async () => {
  const one = await descend(1)
  assert(one[4]![0]! < one[0]![0]!, `the loss goes from ${one[0]![0]} to ${one[4]![0]}`)
  for (const threads of [2, 3]) assert.deepEqual(await descend(threads), one, `${threads} threads`)
})

test('a backend that is not closed does not keep the process alive', () => {
  const file = fileURLToPath(new URL('idle.ts', import.meta.url))
  const printed = execFileSync(process.execPath, ['--import', 'tsx', file], { encoding: 'utf8', timeout: 20000 })
  assert.equal(printed.trim(), '2 threads')
})

test('wrong numbers of threads, freed arrays and closed backends are refused', async () => {
  for (const threads of [0, 1.5, 65]) await assert.rejects(wasm({ threads }), RangeError)
  const backend = await wasm({ threads: 1 })
  const array = backend.upload([1, 2, 3])
  backend.free(array)
  assert.throws(() => backend.free(array), /was freed/)
  await assert.rejects(backend.download(array), /was freed/)
  await backend.close?.()
  await assert.rejects(read(backend, add(tensor({ a: 2 }, [1, 2]), 1)), /closed/)
})
