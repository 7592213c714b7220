/** A small training run whose every bit can be compared: between numbers of threads, and between Node and a browser. */
import type { wasm } from '../../backends/wasm/browser.ts'
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
import { uniform } from '../../core/internal.ts'

const sizes = { batch: 4, seq: 64, embed: 96, hidden: 192, vocab: 50 }
const sample = <A extends keyof typeof sizes>(salt: number, scale: number, ...axes: readonly A[]): Tensor<A> => {
  const shape = Object.fromEntries(axes.map((axis) => [axis, sizes[axis]])) as { readonly [K in A]: number } // the axes named
  const count = axes.reduce((n, axis) => n * sizes[axis], 1)
  return tensor(
    shape,
    Float32Array.from({ length: count }, (_, i) => (uniform(3, salt, i) - 0.5) * 4 * scale),
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

export interface Descent {
  readonly mode: string
  /** Arrays that are left on the device. */
  readonly alive: number
  readonly results: readonly Float32Array[]
}
/** Losses of some steps of gradient descent, and the parameters after them. */
export const descend = async (open: typeof wasm, threads: number): Promise<Descent> => {
  const backend = await open({ threads })
  const step = compileStep(backend, (p: typeof initial) => {
    const [value, gradient] = valueAndGrad(loss)(p)
    return [zipTree(p, [gradient], (x, g) => sub(x!, mul(0.02, g!))), value] as const
  })
  let state = await evaluate(backend, initial)
  const { mode } = await step.report(state)
  const results: Float32Array[] = []
  for (let i = 0; i < 5; i++) {
    const [next, value] = await step(state)
    results.push(Float32Array.from(await read(backend, value)))
    dispose(backend, value)
    state = next
  }
  for (const x of leaves(state)) results.push(Float32Array.from(await read(backend, x)))
  dispose(backend, state)
  const alive = backend.live()
  await backend.close?.()
  return { mode, alive, results }
}
