/** Prospect theory: the paradoxes of 1979 that expected utility cannot produce, from the parameters of 1992. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import {
  certaintyEquivalent,
  decisionWeights,
  type Human,
  median,
  type Prospect,
  prospectValue,
  rational,
  weight,
} from '../../halos/index.ts'
import { theorem } from '../theorem.ts'

const gamble = (...pairs: readonly (readonly [outcome: number, probability: number])[]): readonly Prospect[] =>
  pairs.map(([outcome, probability]) => ({ outcome, probability }))
const prefers = (human: Human, one: readonly Prospect[], other: readonly Prospect[], from = 0): boolean =>
  prospectValue(human, one, from) > prospectValue(human, other, from)

/** Around the medians; and humans whose utility is curved at will, but who weigh probabilities as they are. */
const between = (low: number, high: number) => fc.double({ min: low, max: high, noNaN: true })
const humans = fc.record({ alpha: between(0.85, 0.9), lambda: between(1.5, 3), gains: between(0.58, 0.64), losses: between(0.66, 0.72) })
const expectedUtility = fc.record({ alpha: between(0.3, 1), lambda: between(1, 3), gains: fc.constant(1), losses: fc.constant(1) })

const effect = (name: string, statement: string, source: string, holds: (human: Human) => boolean): void =>
  theorem(name, {
    statement,
    source: `Kahneman & Tversky (1979), ${source}; parameters of Tversky & Kahneman (1992)`,
    holds: fc.property(humans, holds),
    control: { of: 'expected utility: probabilities weigh as they are', breaks: fc.property(expectedUtility, holds) },
  })

effect(
  'Certainty effect',
  '2400 for sure rather than 2500 with 33 %, 2400 with 66 %; but 2500 with 33 % rather than 2400 with 34 %',
  'Problems 1 and 2',
  (human) =>
    prefers(human, gamble([2400, 1]), gamble([2500, 0.33], [2400, 0.66], [0, 0.01])) &&
    prefers(human, gamble([2500, 0.33], [0, 0.67]), gamble([2400, 0.34], [0, 0.66])),
)

const [large, small] = [
  (sign: number, p: number) => gamble([sign * 4000, p], [0, 1 - p]),
  (sign: number, p: number) => gamble([sign * 3000, p], [0, 1 - p]),
]
effect(
  'Reflection effect',
  'the preferences between 4000 with 80 % (20 %) and 3000 for sure (25 %) are reversed for losses',
  'Problems 3, 4, 3′, 4′',
  (human) =>
    prefers(human, small(1, 1), large(1, 0.8)) &&
    prefers(human, large(1, 0.2), small(1, 0.25)) &&
    prefers(human, large(-1, 0.8), small(-1, 1)) &&
    prefers(human, small(-1, 0.25), large(-1, 0.2)),
)

effect(
  'Isolation effect',
  'in two stages (25 %, then 3000 for sure or 4000 with 80 %) the second is chosen as if it were alone, against the choice between the same outcomes at once',
  'Problem 10',
  (human) => {
    const second = prefers(human, small(1, 1), large(1, 0.8))
    const atOnce = prefers(human, small(1, 0.25), large(1, 0.25 * 0.8))
    return second && !atOnce
  },
)

effect(
  'Deal or No Deal',
  '$333K for sure rather than $1M with probability ⅓; the gamble once $1M has become the reference point',
  'the value function, §3',
  (human) => {
    const [deal, play] = [gamble([333e3, 1]), gamble([1e6, 1 / 3], [0, 2 / 3])]
    return prefers(human, deal, play) && prefers(human, play, deal, 1e6)
  },
)

test('weights: 0 at 0, 1 at 1, large for small probabilities and small for large ones; those of gains sum to w(1)', () => {
  for (const gamma of [median.gains, median.losses]) {
    assert.equal(weight(gamma, 0), 0)
    assert.equal(weight(gamma, 1), 1)
    assert.ok(weight(gamma, 0.05) > 0.05 && weight(gamma, 0.9) < 0.9)
  }
  const weights = decisionWeights(median, gamble([1, 0.2], [5, 0.3], [2, 0.5]))
  assert.ok(Math.abs(weights.reduce((a, b) => a + b, 0) - 1) < 1e-12)
})
test('certainty equivalents: worth as much as the gamble; the expectation for who is rational', () => {
  const play = gamble([1e6, 1 / 3], [0, 2 / 3])
  for (const from of [0, 5e5, 1e6]) {
    const sure = gamble([certaintyEquivalent(median, play, from), 1])
    assert.ok(Math.abs(prospectValue(median, sure, from) / prospectValue(median, play, from) - 1) < 1e-9)
  }
  assert.ok(Math.abs(certaintyEquivalent(rational, play) - 1e6 / 3) < 1e-6)
})
