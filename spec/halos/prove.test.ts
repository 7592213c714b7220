/** The prover: what is true of a value function is proved, what is false is refuted by a point, and a kink is neither missed nor feared. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Unary } from '../../core/index.ts'
import type { Interval } from '../../core/internal.ts'
import { dpo, getOrThrow, kto } from '../../halos/index.ts'
import { type Claim, concave, decide, nonDecreasing } from '../../halos/internal.ts'

const everywhere: Interval = [-Infinity, Infinity]
const gains: Interval = [2 ** -1000, Infinity]
const logSigmoid: Unary = (S) => (z) => S.mul(S.of(-1), S.softplus(S.mul(S.of(-1), z)))

for (const loss of [getOrThrow(kto()), getOrThrow(dpo())])
  test(`${loss.name}: v = ${loss.value.name} is non-decreasing on the whole line and concave on all gains, proved`, (t) => {
    for (const [claim, segment] of [
      [nonDecreasing, everywhere],
      [concave, gains],
    ] as const) {
      const decision = decide(loss.value.body, claim, segment)
      assert.equal(decision.tag, 'proved')
      t.diagnostic(`${claim.name}: ${JSON.stringify(decision)}`)
    }
  })

const refuted: { readonly [what: string]: readonly [Unary, Claim, Interval] } = {
  'cDPO: −(−log σ(z) + z/10) falls beyond log 9': [(S) => (z) => S.sub(logSigmoid(S)(z), S.mul(S.of(0.1), z)), nonDecreasing, everywhere],
  'IPO: −(z − 5)² falls beyond 5': [(S) => (z) => S.mul(S.of(-1), S.mul(S.sub(z, S.of(5)), S.sub(z, S.of(5)))), nonDecreasing, everywhere],
  'σ is convex on losses': [(S) => S.sigmoid, concave, [-Infinity, 0]],
  'a convex kink: max(0, z − 1)': [(S) => (z) => S.max(S.of(0), S.sub(z, S.of(1))), concave, gains],
  'a convex kink where two boxes meet: max(0, z − 2)': [(S) => (z) => S.max(S.of(0), S.sub(z, S.of(2))), concave, gains],
  'a convex kink in something concave': [
    (S) => (z) => S.add(S.sigmoid(z), S.mul(S.of(0.01), S.max(S.of(0), S.sub(z, S.of(1))))),
    concave,
    gains,
  ],
  'a kink that is infinitely steep, beside a line': [
    (S) => (z) => S.add(S.mul(S.of(0.01), z), S.sqrt(S.max(S.sub(z, S.of(1)), S.of(0)))),
    concave,
    gains,
  ],
  'a jump down: 1 for z < 1/3, else 0': [(S) => (z) => S.less(z, S.of(1 / 3)), nonDecreasing, everywhere],
}
for (const [what, [body, claim, segment]] of Object.entries(refuted))
  test(`refuted: ${what}`, (t) => {
    const decision = decide(body, claim, segment)
    assert.equal(decision.tag, 'refuted')
    t.diagnostic(JSON.stringify(decision))
  })

test('a concave kink is proved: min(0, z − 1)', () => {
  const hinge: Unary = (S) => (z) => S.mul(S.of(-1), S.max(S.of(0), S.sub(S.of(1), z)))
  assert.equal(decide(hinge, concave, gains).tag, 'proved')
  assert.equal(decide(hinge, nonDecreasing, everywhere).tag, 'proved')
})
const glued =
  (factor: number): Unary =>
  (S) =>
  (z) => {
    const x = S.mul(S.of(factor), z)
    return S.where(S.less(x, S.of(1)), S.of(0), S.sub(x, S.of(1)))
  }
test('pieces that meet at a number are proved to meet; where that is no number, they are left open', () => {
  assert.equal(decide(glued(2), nonDecreasing, everywhere).tag, 'proved')
  assert.equal(decide(glued(3), nonDecreasing, everywhere).tag, 'open')
})

/** Functions that are undefined, infinite or discontinuous somewhere, or misbehave where nobody looked. */
const unproved: { readonly [what: string]: readonly [Unary, Claim, Interval, 'open' | 'refuted'] } = {
  'NaN everywhere: z + log(−1)': [(S) => (z) => S.add(z, S.log(S.of(-1))), nonDecreasing, everywhere, 'open'],
  'undefined on losses: log z': [(S) => (z) => S.log(z), nonDecreasing, everywhere, 'open'],
  'infinite: z + log 0': [(S) => (z) => S.add(z, S.log(S.of(0))), nonDecreasing, everywhere, 'open'],
  'a pole: −1/z': [(S) => (z) => S.div(S.of(-1), z), nonDecreasing, everywhere, 'open'],
  'a comparison with NaN': [(S) => (z) => S.where(S.less(S.sqrt(z), S.of(1)), z, S.mul(S.of(-7), z)), nonDecreasing, everywhere, 'refuted'],
  'a convex kink at 1e14': [(S) => (z) => S.max(z, S.sub(S.mul(S.of(2), z), S.of(1e14))), concave, gains, 'refuted'],
  'a convex kink at 1e-200': [(S) => (z) => S.max(z, S.sub(S.mul(S.of(2), z), S.of(1e-200))), concave, gains, 'refuted'],
  'a fall at 20000': [(S) => (z) => S.sub(z, S.where(S.less(z, S.of(20000)), S.of(0), S.of(100))), nonDecreasing, everywhere, 'refuted'],
  'first undecided, then falling: −|z|': [(S) => (z) => S.sub(z, S.mul(S.of(2), S.max(z, S.of(0)))), nonDecreasing, everywhere, 'refuted'],
  'an infinite slope that falls: −√max(z − 3, 0)': [
    (S) => (z) => S.mul(S.of(-1), S.sqrt(S.max(S.sub(z, S.of(3)), S.of(0)))),
    nonDecreasing,
    everywhere,
    'refuted',
  ],
}
for (const [what, [body, claim, segment, tag]] of Object.entries(unproved))
  test(`not proved: ${what}`, () => assert.equal(decide(body, claim, segment).tag, tag))

const proved: { readonly [what: string]: readonly [Unary, Claim, Interval] } = {
  'another branch at one point alone': [(S) => (z) => S.where(S.equal(z, S.of(0)), S.mul(S.of(-1), z), z), nonDecreasing, everywhere],
  'Definition 3.1: z^0.88, −2.25 (−z)^0.88': [
    (S) => (z) => {
      const power = (x: typeof z) => S.exp(S.mul(S.of(0.88), S.log(S.max(x, S.of(0)))))
      return S.sub(power(z), S.mul(S.of(2.25), power(S.mul(S.of(-1), z))))
    },
    nonDecreasing,
    everywhere,
  ],
  'the same on gains': [(S) => (z) => S.exp(S.mul(S.of(0.88), S.log(S.max(z, S.of(0))))), concave, [0, Infinity]],
  'a tail that underflows: −e^(−z)': [(S) => (z) => S.mul(S.of(-1), S.exp(S.mul(S.of(-1), z))), concave, everywhere],
}
for (const [what, [body, claim, segment]] of Object.entries(proved))
  test(`proved: ${what}`, () => assert.equal(decide(body, claim, segment).tag, 'proved'))
