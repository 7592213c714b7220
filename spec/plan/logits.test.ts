/**
 * Logits are never whole: what a softmax over the vocabulary is asked for, forwards and backwards, is computed in blocks of rows. It is found in
 * plain text, `take(logSoftmax(dot(x, W)), label)`, and means the same.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Options, type Program, plan, summarize } from '../../backends/plan/index.ts'
import { interpret } from '../../backends/plan/interpret.ts'
import { device } from '../../backends/wasm/device.ts'
import { nodeHost } from '../../backends/wasm/host/node.ts'
import * as core from '../../core/index.ts'
import { input, normals } from '../../core/internal.ts'

interface Sizes {
  readonly batch: number
  readonly seq: number
  readonly embed: number
  readonly vocab: number
}
type X = core.Tensor<'batch' | 'seq' | 'embed'>
type W = core.Tensor<'vocab' | 'embed'>
type Labels = core.Tensor<'batch' | 'seq'>

/** ½ Σ (Σ log π(label))², its gradients, and the entropy: a loss whose slope is known only when all texts have been read. */
const crossEntropy = (x: X, weight: W, labels: Labels) => {
  const logits = (h: X, w: W) => core.dot(h, w, 'embed')
  const loss = (p: { readonly x: X; readonly w: W }): core.Tensor =>
    core.mul(0.5, core.sum(core.square(core.sum(core.take(core.logSoftmax(logits(p.x, p.w), 'vocab'), 'vocab', labels), 'seq')), 'batch'))
  const [value, gradient] = core.valueAndGrad(loss)({ x, w: weight })
  const logs = core.logSoftmax(logits(x, weight), 'vocab')
  const entropy = core.negate(core.sum(core.mul(core.exp(logs), logs), 'vocab'))
  return { value, gradient, entropy }
}
const graphOf = ({ batch, seq, embed, vocab }: Sizes, learn = true): core.Graph => {
  const x = input('x', { batch, seq, embed }) as X
  const w = input('w', { vocab, embed }) as W
  const labels = input('labels', { batch, seq }) as Labels
  const { value, gradient, entropy } = crossEntropy(x, w, labels)
  return { inputs: [x, w, labels], outputs: [value, gradient.x, ...(learn ? [gradient.w] : []), entropy], donated: new Map() }
}
const dataFor = ({ batch, seq, embed, vocab }: Sizes): readonly Float64Array[] => [
  normals(1, 1, batch * seq * embed),
  normals(1, 2, vocab * embed),
  Float64Array.from({ length: batch * seq }, (_, i) => (7 * i) % vocab),
]
const largest = ({ kernels }: Program): number => Math.max(...kernels.map((k) => (k.kind === 'dotGeneral' ? k.m * k.n * loops(k) : 0)))
const loops = (k: Extract<Program['kernels'][number], { kind: 'dotGeneral' }>): number =>
  k.loops.reduce((n, { size, sum }) => (sum ? n : n * size), 1)

for (const [sizes, elements] of [
  [{ batch: 3, seq: 5, embed: 4, vocab: 11 }, 60],
  [{ batch: 4, seq: 6, embed: 8, vocab: 16 }, 32],
  [{ batch: 2, seq: 7, embed: 5, vocab: 9 }, 9],
  [{ batch: 1, seq: 9, embed: 4, vocab: 12 }, 40],
] as const satisfies readonly (readonly [Sizes, number])[])
  test(`batch ${sizes.batch}, seq ${sizes.seq}, vocabulary ${sizes.vocab}, blocks of ${elements} logits: the same numbers`, () => {
    const graph = graphOf(sizes)
    const [blocks, whole] = [plan(graph, { chunkElements: elements }), plan(graph, { chunkElements: Infinity })]
    assert.ok(blocks.kernels.length > whole.kernels.length, 'in blocks')
    const [found, expected] = [interpret(blocks, dataFor(sizes)), interpret(whole, dataFor(sizes))]
    for (const [o, values] of expected.entries())
      for (const [i, x] of values.entries()) {
        const y = found[o]![i]!
        assert.ok(Math.abs(x - y) < 1e-12 * Math.max(1, Math.abs(x)), `output ${o}, element ${i}: ${y} in blocks, ${x} as a whole`)
      }
  })

const memory = (sizes: Sizes, options: Options = {}): number => 4 * plan(graphOf(sizes, false), options).scratch

test('memory does not depend on the vocabulary, and grows with it where logits are whole', () => {
  const sizes = { batch: 4, seq: 256, embed: 32 }
  const [small, large] = [memory({ ...sizes, vocab: 2 ** 16 }), memory({ ...sizes, vocab: 2 ** 18 })]
  assert.ok(large < 1.2 * small, `${small}, then ${large} bytes`)
  const whole = (vocab: number) => memory({ ...sizes, vocab }, { chunkElements: Infinity })
  assert.ok(whole(2 ** 18) > 3.5 * whole(2 ** 16))
  assert.ok(large < whole(2 ** 18) / 8)
})

test('in the backward pass logits are computed once more, and nothing else is', () => {
  const sizes = { batch: 8, seq: 128, embed: 64, vocab: 49152 }
  const flops = (options: Options) => summarize(plan(graphOf(sizes), options)).flops
  const ratio = flops({}) / flops({ chunkElements: Infinity })
  assert.ok(ratio > 1.2 && ratio < 1.4, `${ratio}: one product of four more, and its exponentials`)
  assert.equal(largest(plan(graphOf(sizes))) > 2 ** 23, false)
})

test('on WebAssembly: the same bits on any number of threads, and the same numbers as a whole', async () => {
  const sizes = { batch: 3, seq: 16, embed: 12, vocab: 40 }
  const run = async (threads: number, chunkElements: number) => {
    const machine = await device({ host: nodeHost, threads, eager: true })
    const { run } = await machine.load(plan(graphOf(sizes), { chunkElements, block: 16 }))
    const made = run(dataFor(sizes).map(machine.upload)).map(machine.read)
    await machine.close()
    return made
  }
  const [one, three, whole] = [await run(1, 700), await run(3, 700), await run(1, Infinity)]
  assert.deepEqual(one, three)
  for (const [o, values] of whole.entries()) {
    const scale = values.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
    for (const [i, x] of values.entries()) assert.ok(Math.abs(x - one[o]![i]!) <= 1e-5 * scale, `output ${o}, element ${i}`)
  }
})
