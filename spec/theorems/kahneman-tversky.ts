/** Prospect theory: the paradoxes of 1979 that expected utility cannot produce, from the parameters of 1992. */
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
import { type Theorem, theorem } from '../theorem.ts'

const gamble = (...pairs: readonly (readonly [outcome: number, probability: number])[]): readonly Prospect[] =>
  pairs.map(([outcome, probability]) => ({ outcome, probability }))
const prefers = (human: Human, one: readonly Prospect[], other: readonly Prospect[], from = 0): boolean =>
  prospectValue(human, one, from) > prospectValue(human, other, from)

/** Around the medians; and humans whose utility is curved at will, but who weigh probabilities as they are. */
const between = (low: number, high: number) => fc.double({ min: low, max: high, noNaN: true })
const humans = fc.record({ alpha: between(0.85, 0.9), lambda: between(1.5, 3), gains: between(0.58, 0.64), losses: between(0.66, 0.72) })
const expectedUtility = fc.record({ alpha: between(0.3, 1), lambda: between(1, 3), gains: fc.constant(1), losses: fc.constant(1) })

const effect = (name: string, statement: string, source: string, holds: (human: Human) => boolean): Theorem =>
  theorem(name, {
    statement,
    source: `Kahneman & Tversky (1979), ${source}; parameters of Tversky & Kahneman (1992)`,
    holds: fc.property(humans, holds),
    controls: [{ of: 'expected utility: probabilities weigh as they are', breaks: fc.property(expectedUtility, holds) }],
  })

const certainty = effect(
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
const reflection = effect(
  'Reflection effect',
  'the preferences between 4000 with 80 % (20 %) and 3000 for sure (25 %) are reversed for losses',
  'Problems 3, 4, 3′, 4′',
  (human) =>
    prefers(human, small(1, 1), large(1, 0.8)) &&
    prefers(human, large(1, 0.2), small(1, 0.25)) &&
    prefers(human, large(-1, 0.8), small(-1, 1)) &&
    prefers(human, small(-1, 0.25), large(-1, 0.2)),
)

const isolation = effect(
  'Isolation effect',
  'in two stages (25 %, then 3000 for sure or 4000 with 80 %) the second is chosen as if it were alone, against the choice between the same outcomes at once',
  'Problem 10',
  (human) => {
    const second = prefers(human, small(1, 1), large(1, 0.8))
    const atOnce = prefers(human, small(1, 0.25), large(1, 0.25 * 0.8))
    return second && !atOnce
  },
)

/** What is offered, and what is at stake, are the same in both frames; what they are compared with moves from 0 to `expected`. */
const dealOrNoDeal = (expected: number) => (human: Human) => {
  const [deal, play] = [gamble([333e3, 1]), gamble([750e3, 0.5], [0, 0.5])]
  return prefers(human, deal, play) && prefers(human, play, deal, expected)
}
const deal = effect(
  'Deal or No Deal',
  '$333K for sure rather than $750K or nothing at even odds; once $1M has become the reference point, −$250K or −$1M at even odds rather than −$667K for sure',
  'the value function, §3; Post et al. (2008), “Deal or No Deal?”',
  dealOrNoDeal(1e6),
)

/** Gambles of gains alone. */
const gains = fc.array(fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 20 })), { minLength: 2, maxLength: 5 })
const likely = (parts: readonly (readonly [number, number])[]): readonly Prospect[] => {
  const total = parts.reduce((sum, [, part]) => sum + part, 0)
  return gamble(...parts.map(([outcome, part]) => [outcome, part / total] as const))
}
const near = (x: number, y: number): boolean => Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(x), Math.abs(y))

/** Weights of what is certain, of what is impossible, of small and of large probabilities; those of one gamble sum to w(1) = 1. */
const weighing = (gammas: fc.Arbitrary<number>) =>
  fc.property(gammas, between(0.001, 0.1), between(0.75, 0.999), gains, (gamma, small, large, parts) => {
    const ends = weight(gamma, 0) === 0 && weight(gamma, 1) === 1
    const inverse = weight(gamma, small) > small && weight(gamma, large) < large
    const total = decisionWeights({ ...median, gains: gamma }, likely(parts)).reduce((a, b) => a + b, 0)
    return ends && inverse && near(total, 1)
  })
const weights = theorem('Decision weights', {
  statement:
    'w(0) = 0, w(1) = 1, small probabilities weigh more than they are and large ones less; the weights of a gamble of gains sum to 1',
  source: 'Tversky & Kahneman (1992), eq. 6 and Figure 3',
  holds: weighing(between(0.55, 0.7)),
  controls: [{ of: 'γ = 1: probabilities weigh as they are', breaks: weighing(fc.constant(1)) }],
})

/** What is called the certainty equivalent is worth as much as the gamble, wherever the reference point is. */
const equivalent = (of: typeof certaintyEquivalent) =>
  fc.property(humans, gains, fc.integer({ min: 0, max: 1000 }), (human, parts, from) => {
    const play = likely(parts)
    return near(prospectValue(human, gamble([of(human, play, from), 1]), from), prospectValue(human, play, from))
  })
const certain = theorem('Certainty equivalents', {
  statement: 'the certainty equivalent is worth as much as its gamble, from any reference point',
  source: 'Tversky & Kahneman (1992), §2',
  holds: equivalent(certaintyEquivalent),
  controls: [
    {
      of: 'the expectation, which is the equivalent of who is rational',
      breaks: equivalent((_, ...rest) => certaintyEquivalent(rational, ...rest)),
    },
  ],
})

const framed: Theorem = {
  ...deal,
  controls: [...deal.controls, { of: 'a reference point that has not moved', breaks: fc.property(humans, dealOrNoDeal(0)) }],
}

export default [certainty, reflection, isolation, framed, weights, certain]
