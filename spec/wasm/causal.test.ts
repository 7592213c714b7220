/**
 * Products that a causal mask makes triangular are computed in blocks, which share one packed operand where they can.
 * Of integers, which nothing rounds, all of them are what the reference computes, to the bit.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reference, wasm } from '../../backends/index.ts'
import { plan } from '../../backends/plan/index.ts'
import { type AnyTensor, compile, dot, grad, iota, less, mul, read, sum, type Tensor, tensor, where } from '../../core/index.ts'
import { input } from '../../core/internal.ts'
import { generator } from './random.ts'

interface Attention {
  readonly q: Tensor<'head' | 'seq' | 'key'>
  readonly k: Tensor<'head' | 'past' | 'key'>
  readonly v: Tensor<'head' | 'past' | 'key'>
}
const attend = ({ q, k, v }: Attention): Tensor<'head' | 'seq' | 'key'> => {
  const { seq } = q.shape
  return dot(where(less(iota('seq', seq), iota('past', seq)), 0, dot(q, k, 'key')), v, 'past')
}
const outputs = (x: Attention): readonly AnyTensor[] => {
  const { q, k, v } = grad((y: Attention) => sum(mul(attend(y), attend(y)), 'head', 'seq', 'key'))(x)
  return [attend(x), q, k, v]
}

for (const [seq, key, why] of [
  [40, 8, 'blocks that do not fill the last'],
  [41, 8, 'a length that is not whole panels'],
  [72, 24, 'several panels a head'],
  [528, 8, 'more columns and more terms than a block of B holds'],
] as const)
  test(`causal products of ${seq} positions (${why}) are exact, by themselves and shared`, async () => {
    const { integer } = generator(seq)
    const one = <A extends 'seq' | 'past'>(axis: A): Tensor<'head' | A | 'key'> => {
      const shape = { head: 4, [axis]: seq, key } as { readonly [axis in 'head' | A | 'key']: number } // the computed key is A
      return tensor(
        shape,
        Array.from({ length: 4 * seq * key }, () => integer(-1, 1)),
      )
    }
    const x: Attention = { q: one('seq'), k: one('past'), v: one('past') }
    const inputs = { q: input('q', x.q.shape), k: input('k', x.k.shape), v: input('v', x.v.shape) } as unknown as Attention // inputs have no axes in their types
    const { kernels } = plan({ inputs: Object.values(inputs), outputs: outputs(inputs), donated: new Map() }, { block: 16 })
    const counts = kernels.map((kernel) => (kernel.kind === 'dotGeneral' ? kernel.parts.length : 0))
    assert.ok(Math.max(...counts) === Math.ceil(seq / 16), `blocks: ${counts}`)
    const exact = reference()
    const want = await Promise.all((await compile(exact, outputs)(x)).map((y) => read(exact, y)))
    for (const [threads, precision] of [
      [1, 'exact'],
      [2, 'exact'],
      [3, 'fast'],
    ] as const) {
      const backend = await wasm({ threads, precision })
      const got = await compile(backend, outputs)(x)
      for (const [i, y] of got.entries())
        assert.deepEqual(Array.from(await read(backend, y)), Array.from(want[i]!), `output ${i}, ${threads} threads`)
      await backend.close?.()
    }
  })
