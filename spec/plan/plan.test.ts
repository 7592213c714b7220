/** What the planner finds by itself: the kernels one would write by hand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DotGeneral, type FusedKernel, type Program, plan, summarize } from '../../backends/plan/index.ts'
import { interpret } from '../../backends/plan/interpret.ts'
import type { AnyTensor, Graph, Tensor } from '../../core/index.ts'
import * as core from '../../core/index.ts'
import { input, normals } from '../../core/internal.ts'
import { trainingStep } from './training-step.ts'

/** The axes of a tensor, where only the test knows them. */
const known = <A extends string>(x: AnyTensor): Tensor<A> => x as Tensor<A>
/** The graph of a function of inputs. */
const graphOf = (f: (...xs: readonly Tensor<string>[]) => readonly AnyTensor[], ...shapes: readonly core.Shape[]): Graph => {
  const inputs = shapes.map((shape, i) => input(`${i}`, shape) as Tensor<string>) // axes are strings here
  return { inputs, outputs: f(...inputs), donated: new Map() }
}
const rowsOf = ({ kernels }: Program): readonly FusedKernel[] => kernels.flatMap((k) => (k.kind === 'fused' ? [k] : []))
const contractsOf = ({ kernels }: Program): readonly DotGeneral[] => kernels.flatMap((k) => (k.kind === 'dotGeneral' ? [k] : []))
/** Kernels that touch an array of so many elements. */
const touching = (program: Program, size: number): number =>
  rowsOf(program).filter((k) => k.streams.some(({ buffer }) => program.buffers[buffer]!.size === size)).length

test('softmax is one kernel, and so are its value and gradient', () => {
  const shape = { row: 6, column: 40 }
  const forward = graphOf((x) => [core.softmax(x!, 'column')], shape)
  assert.equal(plan(forward).kernels.length, 1)
  const both = graphOf(
    (x, g) => {
      const [y, pullback] = core.vjp((z: Tensor<string>) => core.softmax(z, 'column'))(x!)
      return [y, pullback(g!)]
    },
    shape,
    shape,
  )
  assert.equal(plan(both).kernels.length, 1)
})

test('cross-entropy and its gradient read the logits once, in one kernel', () => {
  const graph = graphOf(
    (logits, label) =>
      core.valueAndGrad((x: Tensor<string>): Tensor => {
        const each = core.sub(core.logSumExp(x, 'vocab'), core.take(x, 'vocab', label!))
        return core.mean(known<'batch' | 'seq'>(each), 'batch', 'seq')
      })(logits!),
    { batch: 2, seq: 5, vocab: 30 },
    { batch: 2, seq: 5 },
  )
  assert.equal(touching(plan(graph), 300), 1)
})

test('layer norm keeps one number or two a row for its backward pass, not an array', () => {
  const graph = graphOf(
    (x, gain, w, u) =>
      core.grad(([gains, weights]: readonly [Tensor<string>, Tensor<string>]): Tensor => {
        const centred = core.sub(x!, core.mean(x!, 'embed'))
        const normal = core.div(centred, core.sqrt(core.add(core.mean(core.square(centred), 'embed'), 1e-5)))
        return core.sum(known<'row' | 'out'>(core.mul(core.dot(core.mul(normal, gains), weights, 'embed'), u!)), 'row', 'out')
      })([gain!, w!]),
    { row: 50, embed: 32 },
    { embed: 32 },
    { embed: 32, out: 16 },
    { row: 50, out: 16 },
  )
  const { buffers } = plan(graph)
  const kept = buffers.filter(({ place, size }) => place.in === 'scratch' && size >= 50 * 32)
  assert.equal(kept.length, 2, 'the normalised rows, operand of a contraction, and their adjoint')
})

/** Causal attention of `length` positions with its gradients, perhaps under dropout. */
const attention = (length: number, dropout = false): Graph =>
  graphOf(
    (q, k, v, g, seed) => {
      const [y, pullback] = core.vjp(([a, b, c]: readonly Tensor<string>[]) => {
        const [keys, values] = [b!, c!].map((x) => known<string>(core.rename(x, 'seq', 'past')))
        const hidden = core.less(core.iota('seq', length), core.iota('past', length))
        const scores = known<string>(core.where(hidden, -1e30, core.dot(a!, keys!, 'key')))
        const probabilities = core.softmax(scores, 'past')
        const kept = dropout ? core.less(0.1, core.random(known<never>(seed!), probabilities.shape, 1)) : 1
        return known<string>(core.dot(known<string>(core.mul(probabilities, kept)), values!, 'past'))
      })([q!, k!, v!])
      return [y, ...(pullback(g!) as readonly AnyTensor[])] // the cotangents of three tensors
    },
    ...Array.from({ length: 4 }, () => ({ head: 2, seq: length, key: 8 })),
    {},
  )

test('causal attention neither computes, stores nor reads what the mask hides', () => {
  const length = 256
  const graph = attention(length)
  const skipping = plan(graph, { block: 64 })
  const square = rowsOf(skipping).filter((k) => k.inner.size === length)
  assert.equal(square.length, 2, 'softmax forward and backward')
  for (const k of square) assert.equal(k.triangle?.block, 64)
  for (const { m, n, k, parts } of contractsOf(skipping)) {
    const share = parts.reduce((sum, p) => sum + p.m * p.n * p.k, 0) / (m * n * k)
    assert.equal(share, 0.625) // 1 + 2 + 3 + 4 of 16 blocks
  }
  assert.equal(contractsOf(skipping).length, 6)
  assert.ok(summarize(skipping).flops < 0.66 * summarize(plan(graph, { causal: false })).flops)
})

for (const dropout of [false, true]) {
  const under = dropout ? ' under dropout' : ''
  test(`the memory of long attention${under} grows with the sequence, not with its square`, () => {
    const [graph, twice] = [attention(2048, dropout), attention(4096, dropout)]
    const [whole, long, longer] = [plan(graph, { chunkAbove: Infinity }), plan(graph), plan(twice)]
    assert.ok(longer.scratch < 2.1 * long.scratch, `${long.scratch}, then ${longer.scratch} elements`)
    assert.ok(4 * long.scratch < whole.scratch, `${long.scratch} instead of ${whole.scratch} elements`)
    assert.ok(summarize(long).flops < 1.3 * summarize(whole).flops)
  })

  test(`long attention${under} means the same in blocks`, () => {
    const graph = attention(37, dropout)
    const inputs = [1, 2, 3, 4].map((salt) => normals(1, salt, 2 * 37 * 8))
    const [blocks, whole] = [{ chunk: 8, chunkAbove: 0 }, { chunkAbove: Infinity }].map((options) =>
      interpret(plan(graph, options), [...inputs, [7]]),
    )
    assert.notEqual(plan(graph, { chunk: 8, chunkAbove: 0 }).kernels.length, plan(graph, { chunkAbove: Infinity }).kernels.length)
    for (const [o, values] of whole!.entries())
      for (const [i, x] of values.entries()) {
        const y = blocks![o]![i]!
        assert.ok(Math.abs(x - y) < 1e-12, `output ${o}, element ${i}: ${y} in blocks, ${x} as a whole`)
      }
  })
}

test('a donated input is overwritten in place', () => {
  const graph = graphOf((x, g) => [core.sub(x!, core.mul(g!, 0.1))], { a: 4, b: 3 }, { a: 4, b: 3 })
  const program = plan({ ...graph, donated: new Map([[0, 0]]) })
  assert.deepEqual(program.outputs, [{ size: 12, donated: 0 }])
  assert.equal(program.kernels.length, 1)
  assert.equal(program.scratch, 0)
})

test('a donated memory grows by one entry in constant time', () => {
  const graph = graphOf(
    (memory, row, position) => [core.broadcastTo(core.where(core.equal(core.iota('past', 100), position!), row!, memory!), memory!.shape)],
    { head: 2, past: 100, key: 4 },
    { head: 2, key: 4 },
    {},
  )
  const program = plan({ ...graph, donated: new Map([[0, 0]]) })
  const memory = Array.from({ length: 800 }, (_, i) => i)
  for (const at of [7, 99, -1, 100]) {
    const [after] = interpret(program, [memory, [1, 2, 3, 4, 5, 6, 7, 8], [at]])
    const wanted = memory.map((x, i) => (Math.floor(i / 4) % 100 === at ? (i % 4) + 1 + 4 * Math.floor(i / 400) : x))
    assert.deepEqual([...after!], wanted)
  }
  assert.ok(summarize(program).flops < 100)
})

test('donation never changes a meaning: two inputs swap, a reader comes late', () => {
  const shape = { a: 2, b: 2 }
  const swap = plan({ ...graphOf((x, y) => [y!, x!], shape, shape), donated: new Map([[0, 0], [1, 1]]) }) // biome-ignore format: pairs
  assert.deepEqual(interpret(swap, [[1, 2, 3, 4], [5, 6, 7, 8]]).map((x) => [...x]), [[5, 6, 7, 8], [1, 2, 3, 4]]) // biome-ignore format: matrices
  const transposed = graphOf((x) => [core.add(x!, core.rename(core.rename(core.rename(x!, 'a', 'c'), 'b', 'a'), 'c', 'b'))], shape)
  const symmetric = interpret(plan({ ...transposed, donated: new Map([[0, 0]]) }), [[1, 2, 3, 4]])
  assert.deepEqual([...symmetric[0]!], [2, 5, 5, 8])
  const untouched = plan({ ...graphOf((x) => [x!], shape), donated: new Map([[0, 0]]) })
  assert.equal(untouched.kernels.length, 0)
})

test('a four-layer GPT training step: kernels, memory', async () => {
  const program = plan(await trainingStep({ layers: 4, heads: 4, embed: 128, context: 128, vocab: 256, batch: 8 }))
  const { kernels } = program
  assert.ok(kernels.length <= 250, `${kernels.length} kernels`)
  assert.ok(program.scratch <= 1.1 * mostAlive(program), `${program.scratch} elements for at most ${mostAlive(program)} alive`)
})

test('a contraction with small sides is not a matrix product', () => {
  const shapes = [{ row: 64, half: 2, pair: 8 }, { to: 2, half: 2, pair: 8 }] as const // biome-ignore format: pair
  assert.equal(contractsOf(plan(graphOf((x, r) => [core.dot(x!, r!, 'half')], ...shapes))).length, 0)
})

test('what costs much and depends on positions only is computed once, not for every row', () => {
  const graph = graphOf((x) => [core.mul(x!, core.cos(core.mul(core.iota('seq', 16), core.exp(core.mul(core.iota('pair', 8), -0.1)))))], {
    batch: 10,
    seq: 16,
    pair: 8,
  })
  const cosines = rowsOf(plan(graph)).filter((k) => k.body.some((i) => i.op === 'primitive' && i.primitive === 'cos'))
  assert.equal(cosines.length, 1)
  assert.ok(!cosines[0]!.loops.some(({ size }) => size === 10))
})

test('dropout keeps no mask: its backward pass draws the same numbers again', () => {
  const graph = graphOf(
    (x, w, u, key) => {
      const kept = core.less(0.1, core.random(known<never>(key!), { row: 50, hidden: 24 }, 1))
      const [y, pullback] = core.vjp((weights: Tensor<string>) =>
        known<string>(core.dot(core.mul(core.dot(x!, weights, 'embed'), kept), u!, 'hidden')),
      )(w!)
      return [y, pullback(y)]
    },
    { row: 50, embed: 32 },
    { embed: 32, hidden: 24 },
    { hidden: 24, out: 16 },
    {},
  )
  const arrays = (program: Program) => program.buffers.filter(({ place, size }) => place.in === 'scratch' && size === 50 * 24).length
  assert.deepEqual([arrays(plan(graph, { recompute: 'none' })), arrays(plan(graph))], [5, 4])
  assert.equal(rowsOf(plan(graph)).filter(({ body }) => body.some(({ op }) => op === 'random')).length, 2)
})

/** The largest sum of the sizes of scratch arrays between their first and their last use. */
const mostAlive = ({ kernels, buffers }: Program): number => {
  const uses = kernels.map((k) => new Set(k.kind === 'fused' ? k.streams.map((s) => s.buffer) : [k.a.buffer, k.b.buffer, k.c.buffer]))
  const ranges = buffers.map(({ place, size }, b) => ({
    size: place.in === 'scratch' ? size : 0,
    from: uses.findIndex((used) => used.has(b)),
    to: uses.findLastIndex((used) => used.has(b)),
  }))
  return Math.max(...kernels.map((_, i) => ranges.reduce((sum, { size, from, to }) => (from <= i && i <= to ? sum + size : sum), 0)))
}

test('a row of a table beside all of its rows: the row is walked by its index, not along with them', () => {
  const shape = { row: 4, column: 5 }
  const graph = graphOf((table, index) => [core.exp(core.add(table!, core.take(table!, 'row', index!)))], shape, {})
  const table = Float64Array.from({ length: 20 }, (_, i) => i / 10)
  const [found] = interpret(plan(graph), [table, Float64Array.of(2)])
  assert.deepEqual(
    Array.from(found!),
    Array.from(table, (x, i) => Math.exp(x + table[10 + (i % 5)]!)),
  )
})

test('long attention to what a window does not show: blocks of zeros are blocks', () => {
  const graph = graphOf(
    (x) => {
      const query = core.pad(core.slice(known<'row'>(x!), 'row', 4, 4), 'row', 4, 0)
      const key = core.rename(query, 'row', 'column')
      const masked = core.where(core.less(core.iota('row', 8), core.iota('column', 8)), -1e30, core.mul(query, key))
      return [core.dot(core.softmax(masked, 'column'), key, 'column')]
    },
    { row: 8 },
  )
  const x = Float64Array.from({ length: 8 }, (_, i) => i / 4)
  const [blocks] = interpret(plan(graph, { chunk: 4, chunkAbove: 0 }), [x])
  const [whole] = interpret(plan(graph, { chunkAbove: 1e9 }), [x])
  assert.ok(whole!.some((y) => y > 1))
  blocks!.forEach((y, i) => {
    assert.ok(Math.abs(y - whole![i]!) < 1e-12, `row ${i}: ${y} in blocks, ${whole![i]} as a whole`)
  })
})
