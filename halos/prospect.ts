/**
 * Prospect theory itself: how people value gambles (Kahneman & Tversky 1979; cumulative, Tversky & Kahneman 1992).
 *
 *     V = Σ πᵢ v(xᵢ − x₀),   v(z) = z^α, −λ(−z)^α,   w(p) = p^γ / (p^γ + (1−p)^γ)^(1/γ)
 *
 * πᵢ are differences of w over cumulative probabilities, taken from the best gain down, and from the worst loss up.
 */

/** One outcome of a gamble, and its probability. The probabilities of a gamble add up to 1. */
export interface Prospect {
  readonly outcome: number
  readonly probability: number
}
/** How somebody values gambles: the parameters of Tversky & Kahneman (1992). */
export interface Human {
  /** The curvature of value: 0.88. */
  readonly alpha: number
  /** The aversion to losses: 2.25. */
  readonly lambda: number
  /** The curvature of weights, for gains and for losses: 0.61 and 0.69. */
  readonly gains: number
  readonly losses: number
}
/** The medians of Tversky & Kahneman (1992). */
export const median: Human = { alpha: 0.88, lambda: 2.25, gains: 0.61, losses: 0.69 }
/** Who maximises the expected outcome: no curvature anywhere. */
export const rational: Human = { alpha: 1, lambda: 1, gains: 1, losses: 1 }

/** The subjective value of a gain or a loss. */
export const subjectiveValue =
  ({ alpha, lambda }: Human) =>
  (z: number): number =>
    z >= 0 ? z ** alpha : -lambda * (-z) ** alpha

/** The weight of a probability: small ones loom large, large ones small; w(0) = 0, w(1) = 1. */
export const weight = (gamma: number, p: number): number => p ** gamma / (p ** gamma + (1 - p) ** gamma) ** (1 / gamma)

/** The decision weight of each outcome, in the order given; z are the outcomes relative to the reference point. */
export const decisionWeights = (human: Human, gamble: readonly Prospect[], referencePoint = 0): readonly number[] => {
  const ranked = (sign: number) =>
    gamble
      .map(({ outcome, probability }, i) => ({ z: sign * (outcome - referencePoint), probability, i }))
      .filter(({ z }) => (sign > 0 ? z >= 0 : z > 0))
      .sort((a, b) => b.z - a.z)
  const weights = gamble.map(() => 0)
  for (const [sign, gamma] of [
    [1, human.gains],
    [-1, human.losses],
  ] as const) {
    let beyond = 0
    for (const { probability, i } of ranked(sign)) {
      const sum = beyond + probability
      const upTo = sum > 1 - 1e-12 ? 1 : sum // w is steep at 1, where a rounding error would weigh
      weights[i] = weight(gamma, upTo) - weight(gamma, beyond)
      beyond = upTo
    }
  }
  return weights
}

/** What a gamble is worth to a human who compares with the reference point. */
export const prospectValue = (human: Human, gamble: readonly Prospect[], referencePoint = 0): number => {
  const [v, weights] = [subjectiveValue(human), decisionWeights(human, gamble, referencePoint)]
  return gamble.reduce((total, { outcome }, i) => total + weights[i]! * v(outcome - referencePoint), 0)
}

/** The sure outcome that is worth as much as the gamble. */
export const certaintyEquivalent = (human: Human, gamble: readonly Prospect[], referencePoint = 0): number => {
  const worth = prospectValue(human, gamble, referencePoint)
  const size = (x: number): number => x ** (1 / human.alpha)
  return referencePoint + (worth >= 0 ? size(worth) : -size(-worth / human.lambda))
}
