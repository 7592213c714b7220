/** How many threads a program runs with: all where that helps, one where it does not, and little is lost by finding out. */
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { adaptive } from '../../backends/wasm/adaptive.ts'

interface World {
  readonly alone: number
  readonly together: number
  /** The part of a shared run that thread 0 waits. */
  readonly waiting?: number
  /** Milliseconds from one disturbance to the next, in which a shared run takes five times as long. */
  readonly disturbed?: number
}
/** Runs for so many milliseconds: how much of them was lost against the better way. */
const lost = (choice: ReturnType<typeof adaptive>, world: World, from: number, milliseconds: number): number => {
  const { alone, together, waiting = 0, disturbed = Number.POSITIVE_INFINITY } = world
  let [now, runs, next, unavoidable] = [from, 0, from + disturbed, 0]
  for (; now < from + milliseconds; runs++) {
    const count = choice.threads(now)
    const slow = now >= next
    if (slow) next += disturbed
    if (slow && count > 1) unavoidable += 4 * together
    const ms = count === 1 ? alone : slow ? 5 * together : together
    choice.took(count, ms, count === 1 ? 0 : waiting * ms * 1e6)
    now += ms + 0.01
  }
  return 1 - (runs * (Math.min(alone, together) + 0.01) + unavoidable) / (now - from)
}

const worlds: readonly (readonly [string, World, number])[] = [
  ['cores to itself', { alone: 135, together: 70 }, 0.005],
  ['cores to itself but for moments', { alone: 135, together: 70, disturbed: 3000 }, 0.005],
  ['another process holds a core', { alone: 135, together: 300, waiting: 0.6 }, 0.03],
  ['other processes hold all cores', { alone: 135, together: 9000, waiting: 0.2 }, 0.35],
  ['a small program', { alone: 0.2, together: 0.15 }, 0.005],
  ['a small program that is disturbed', { alone: 0.2, together: 0.15, disturbed: 300 }, 0.005],
  ['a small program on cores far apart', { alone: 0.2, together: 0.5, waiting: 0.2 }, 0.02],
]
/** A program stays as large as it is; what is around it changes. */
for (const [what, world, share] of worlds)
  test(`${what}: at most ${share * 100} % is lost in a minute, whatever was the case before`, (t) => {
    for (const [before, other] of worlds.filter(([, { alone }]) => alone === world.alone)) {
      const choice = adaptive(2, 3 * Math.min(world.alone, 140))
      const early = lost(choice, other, 1000, 60_000)
      const late = lost(choice, world, 1e6, 60_000)
      t.diagnostic(`after ${before} (${(100 * early).toFixed(2)} %): ${(100 * late).toFixed(2)} %`)
      assert(late <= share, `${late} after ${before}`)
    }
  })

test('control: without an expectation of what one thread takes, all are waited for at every barrier for minutes', () => {
  const world: World = { alone: 135, together: 9000, waiting: 0.2 }
  assert(lost(adaptive(2), world, 1000, 60_000) > 0.9)
  assert(lost(adaptive(2, 400), world, 1000, 60_000) < 0.35)
})

test('what is new is shared', () => {
  assert.equal(adaptive(2).threads(1e6), 2)
})

test('one thread stays one', () => {
  const choice = adaptive(1)
  for (let now = 0; now < 1e4; now += 10) {
    assert.equal(choice.threads(now), 1)
    choice.took(1, 1, 0)
  }
})
