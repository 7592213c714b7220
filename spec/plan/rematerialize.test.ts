/** What is cheap to compute from arrays that are kept anyway is not kept itself, whichever of them was seen first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Options, type Program, plan } from '../../backends/plan/index.ts'
import { interpret } from '../../backends/plan/interpret.ts'
import * as core from '../../core/index.ts'
import { input, normals } from '../../core/internal.ts'

const sizes = { row: 40, embed: 24, hidden: 56 }
/** SwiGLU and its gradient: down (silu(gate x) · up x). */
const graph = (): core.Graph => {
  const x = input('x', { row: sizes.row, embed: sizes.embed }) as core.Tensor<'row' | 'embed'>
  const [gate, up, down] = ['gate', 'up', 'down'].map(
    (name) => input(name, { embed: sizes.embed, hidden: sizes.hidden }) as core.Tensor<'embed' | 'hidden'>,
  )
  const loss = (h: typeof x): core.Tensor => {
    const inner = core.mul(core.silu(core.dot(h, gate!, 'embed')), core.dot(h, up!, 'embed'))
    return core.sum(core.exp(core.dot(inner, down!, 'hidden')), 'row', 'embed')
  }
  return { inputs: [x, gate!, up!, down!], outputs: [core.grad(loss)(x)], donated: new Map() }
}
/** Arrays of rows × hidden that are there when the product of `hidden` is made, and are read later. */
const kept = ({ kernels, buffers }: Program): number => {
  const middle = kernels.findIndex((k) => k.kind === 'dotGeneral' && k.name.includes('over hidden'))
  const touched = kernels.map((k) =>
    k.kind === 'dotGeneral' ? [k.a.buffer, k.b.buffer, k.c.buffer] : k.streams.map(({ buffer }) => buffer),
  )
  const in_ = (some: readonly (readonly number[])[], buffer: number): boolean => some.some((each) => each.includes(buffer))
  return buffers.filter(
    ({ size, place }, i) =>
      place.in === 'scratch' && size === sizes.row * sizes.hidden && in_(touched.slice(0, middle), i) && in_(touched.slice(middle + 1), i),
  ).length
}

test('of SwiGLU, gate and up are kept, and what of the sigmoid is dear: not silu, which is the product of two of them', () => {
  assert.equal(kept(plan(graph())), 4)
  assert.ok(kept(plan(graph(), { recompute: 'none' })) > 4)
})

test('of a SwiGLU too large for a cache, the sigmoid is computed again from gate, which is read anyway', () => {
  assert.equal(kept(plan(graph(), { recomputeAbove: 1 })), 2)
})

test('what is computed again is the same, to the bit', () => {
  const data = [
    normals(1, 1, sizes.row * sizes.embed),
    ...[2, 3, 4].map((salt) => normals(1, salt, sizes.embed * sizes.hidden).map((x) => x / 10)),
  ]
  const run = (options: Options) => interpret(plan(graph(), options), data)
  assert.deepEqual(run({}), run({ recompute: 'none' }))
  assert.deepEqual(run({ recomputeAbove: 1 }), run({ recompute: 'none' }))
})
