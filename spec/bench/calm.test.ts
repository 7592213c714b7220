/** What other work disturbs is measured again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { calmest } from '../../app/bench/calm.ts'

/** Measure `parts` things on a processor of these speeds, one at every look; the numbers of the measurements that count. */
const measured = async (tries: number, speeds: readonly number[], parts: number): Promise<readonly number[]> => {
  let [looks, count] = [0, 0]
  const measures = Array.from({ length: parts }, () => async () => ++count)
  const kept = await calmest(tries, async () => speeds[looks++]!, measures, 0)
  assert.equal(looks, speeds.length, 'looks at the processor')
  return kept
}

test('a quiet machine measures everything once', async () => {
  assert.deepEqual(await measured(3, [100, 99, 97, 100], 2), [1, 2])
})

test('what is disturbed is measured again, and what was disturbed least counts', async () => {
  assert.deepEqual(await measured(3, [100, 60, 99, 98], 1), [2])
  assert.deepEqual(await measured(3, [100, 60, 80, 85, 70, 99], 1), [2])
  assert.deepEqual(await measured(1, [100, 60], 1), [1], 'one try')
})

test('that the machine was disturbed may only show later', async () => {
  assert.deepEqual(await measured(2, [50, 50, 100, 100, 100, 99], 2), [3, 2])
})
