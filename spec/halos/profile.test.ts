/** The shape of a value function, in closed form: where its slope dies, what it feels, where it is bounded; whatever it is multiplied by. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Unary } from '../../core/index.ts'
import {
  type Checked,
  clipped,
  exponential,
  getOrThrow,
  hinge,
  linear,
  logistic,
  logLogistic,
  profile,
  truncatedSquare,
  type ValueFunction,
} from '../../halos/index.ts'

type Expected = readonly [losses: number | undefined, gains: number | undefined, margin: number | undefined, below: boolean, above: boolean]
const none = undefined
const table: Readonly<Record<string, readonly [Checked<ValueFunction>, string, Expected]>> = {
  // ¼/cosh²(z/2) < 1 % of ¼
  σ: [logistic, 'symmetric', [-2 * Math.acosh(10), 2 * Math.acosh(10), none, true, true]],
  // σ(−z) < 1 % of its peak on [−64, 64], which is 1
  'log σ': [logLogistic, 'averse', [none, Math.log(99), none, false, true]],
  z: [linear, 'symmetric', [none, none, none, false, false]],
  'min(z, 1)': [clipped, 'averse', [none, 1, 1, false, true]],
  'min(0, z − 3)': [hinge(3), 'averse', [none, 3, 3, false, true]],
  // 2(2 − z) < 1 % of 2(2 + 64)
  '−(min(z, 2) − 2)²': [truncatedSquare(2), 'averse', [none, 2 - 0.66, 2, false, true]],
  // e^(−z) < 1 % of e⁶⁴, at every gain; it underflows, but is never 0
  '−e^(−z)': [exponential, 'averse', [none, 0, none, false, true]],
}
const scaled =
  (body: Unary, k: number): Unary =>
  (S) =>
  (z) =>
    S.mul(S.of(k), body(S)(z))
for (const [name, [value, attitude, [losses, gains, margin, below, above]]] of Object.entries(table))
  test(`${name}: ${attitude}; saturation, margin and bounds`, () => {
    const { body } = getOrThrow(value)
    for (const k of [1, 0.02, 300]) {
      const found = profile(scaled(body, k))
      assert.equal(found.lossAversion, attitude, `of ${k} v`)
      const near = (x: number | undefined, y: number | undefined, what: string): void =>
        assert.ok(x === y || Math.abs(x! - y!) < 0.01, `${what} of ${k} v: ${x} is not ${y}`)
      near(found.saturation.losses, losses, 'saturation on losses')
      near(found.saturation.gains, gains, 'saturation on gains')
      near(found.margin, margin, 'margin')
      if (k === 1) assert.deepEqual(found.bounded, { below, above })
    }
  })

test('gains that loom larger are sought; what depends on the size is mixed', () => {
  const bodies: Readonly<Record<string, Unary>> = {
    seeking: (S) => S.softplus,
    mixed: (S) => (z) => S.add(z, S.mul(S.of(0.1), S.cos(z))),
    averse: (S) => (z) => S.mul(S.of(-1), S.softplus(S.mul(S.of(-1), z))),
  }
  for (const [attitude, body] of Object.entries(bodies)) assert.equal(profile(body).lossAversion, attitude)
})
test('slopes differ by more than rounding if by a billionth of themselves, however steep they are', () => {
  const attitude = (k: number, by: number) =>
    profile((S) => (z) => S.mul(S.of(by), S.sub(z, S.mul(S.of(k), S.max(S.of(0), z))))).lossAversion
  for (const by of [1, 1e-3, 1e3])
    assert.deepEqual(
      [1.5e-9, 0.5e-9, -0.5e-9, -1.5e-9].map((k) => attitude(k, by)),
      ['averse', 'symmetric', 'symmetric', 'seeking'],
    )
})

test('margins are found as far out as log-ratios go, and no further', () => {
  for (const delta of [1e-3, 0.5, 63, 9900]) assert.ok(Math.abs(profile(getOrThrow(hinge(delta)).body).margin! - delta) < 1e-6 * delta)
  assert.equal(profile(getOrThrow(hinge(2e4)).body).margin, undefined)
})
