/** The prover: what is true of a value function is proved, what is false is refuted by a point, and a kink is neither missed nor feared. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Unary } from '../../core/index.ts'
import type { Interval } from '../../core/internal.ts'
import { type Claim, concave, decide, dpo, getOrThrow, kto, nonDecreasing } from '../../halos/index.ts'

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
test('what could jump is left open, not believed', () => {
  const step: Unary = (S) => (z) => S.where(S.less(z, S.of(1 / 3)), S.of(0), S.sub(z, S.of(1 / 3)))
  assert.equal(decide(step, nonDecreasing, everywhere).tag, 'open')
})
