/** Batches of similar lengths: little of an epoch is padding, and the same seed gives the same batches. */
import { deepEqual, ok } from 'node:assert/strict'
import test from 'node:test'
import { normals } from '../../core/internal.ts'
import { batchOrder, paddingOf } from '../../models/internal.ts'

/** Log-normal, as lengths of answers are: half of them from 80 to 180 tokens, the longest about 1,000. */
const lengths = [...normals(1, 1, 1000)].map((x) => Math.round(Math.min(1024, Math.max(4, 120 * Math.exp(0.6 * x)))))
const examples = lengths.map((length, i) => ({
  outcome: { prompt: [1], completion: new Array<number>(length - 1).fill(2) },
  label: i % 2 === 0,
}))

for (const batch of [4, 8, 16])
  test(`of batches of ${batch} at most 15 % is padding; of batches in the order of the data, far more`, () => {
    const padding = paddingOf(examples, { batch }, 2048)
    ok(padding <= 0.15, `${padding}`)
    ok(paddingOf(examples, { batch, shuffled: false }, 2048) > 0.4, 'control')
  })

test('the order of batches is the seed’s, and every label keeps its share', () => {
  const members = (seed: number): readonly (readonly number[])[] => {
    const order = batchOrder(examples, { batch: 8, seed })
    return Array.from({ length: order.stepsPerEpoch }, (_, step) => order.members(step))
  }
  deepEqual(members(1), members(1))
  ok(String(members(1)) !== String(members(2)))
  for (const batch of members(1)) ok(Math.abs(batch.filter((i) => i % 2 === 0).length - 4) <= 1)
})
