/** Threads wait where they must, and nowhere else. */
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Region } from '../../backends/plan/regions.ts'
import { type WaitedWork, waits } from '../../backends/wasm/waits.ts'

const region: fc.Arbitrary<Region> = fc
  .record({ array: fc.integer({ min: -1, max: 1 }), from: fc.nat(9), size: fc.integer({ min: 1, max: 4 }) })
  .map(({ array, from, size }) => ({ array, from, to: from + size }))
const work: fc.Arbitrary<WaitedWork> = fc.record({
  alone: fc.boolean(),
  reads: fc.array(region, { maxLength: 3 }),
  writes: fc.array(region, { minLength: 1, maxLength: 2 }),
})

/** Whether the order of two steps matters, element by element, and different threads do them. */
const racing = (a: WaitedWork, b: WaitedWork): boolean => {
  const elements = (regions: readonly Region[]): ReadonlySet<string> =>
    new Set(regions.flatMap(({ array, from, to }) => Array.from({ length: to - from }, (_, i) => `${array}:${from + i}`)))
  const meet = (xs: readonly Region[], ys: readonly Region[]): boolean => [...elements(xs)].some((x) => elements(ys).has(x))
  return !(a.alone && b.alone) && (meet(a.writes, b.writes) || meet(a.writes, b.reads) || meet(a.reads, b.writes))
}

test('between two steps of different threads whose order matters there is a wait, and no wait is in vain', () => {
  fc.assert(
    fc.property(fc.array(work, { maxLength: 12 }), (steps) => {
      const found = waits(steps)
      let last = 0
      for (const [j, step] of steps.entries()) {
        const since = steps.slice(last, j).some((earlier) => racing(earlier, step))
        assert.equal(found[j], since, `step ${j}`)
        if (found[j]) last = j
      }
    }),
  )
})
