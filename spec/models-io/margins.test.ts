/** By how much a chosen completion is better: from a file to the example that a loss learns from. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { either as E } from 'fp-ts'
import { reference } from '../../backends/index.ts'
import { catalogue, find, getOrThrow } from '../../halos/index.ts'
import { ownOf } from '../../models/data/shapes.ts'
import { adamW, BatchError, begin, constantRate, train, transformer } from '../../models/index.ts'
import { pairs, tiny } from '../models/tiny.ts'

const pair = { prompt: 'a', chosen: 'b', rejected: 'c' }
test('a margin is said as such, or as two scores', () => {
  for (const [given, margin] of [
    [{ margin: 0.5 }, 0.5],
    [{ chosen_score: 9, rejected_score: 7 }, 2],
    [{ chosen_score: 9 }, undefined],
    [{}, undefined],
  ] as const) {
    const read = ownOf({ ...pair, ...given })
    assert.ok(E.isRight(read))
    assert.equal(read.right.row.margin, margin)
  }
})

test('a loss that learns from margins refuses pairs without one, by name', async () => {
  const odpo = getOrThrow(find(await catalogue(), 'odpo')!())
  const [{ config, parameters } = tiny[0]!] = tiny
  const optimizer = adamW({ rate: constantRate(1e-2) })
  const examples = pairs.map((example, i) => (i === 3 ? example : { ...example, margin: 1 }))
  const options = { backend: reference(), model: transformer(config), loss: odpo, optimizer, batch: 8, steps: 1 }
  await assert.rejects(
    () => train(begin(optimizer, parameters), { ...options, examples }),
    (error: unknown) => error instanceof BatchError && /examples\[3\].*a margin, which ODPO learns from/s.test(error.message),
  )
  await assert.doesNotReject(() => train(begin(optimizer, parameters), { ...options, examples: examples.filter((_, i) => i !== 3) }))
})
