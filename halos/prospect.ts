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
/**
 * The median parameters of Tversky & Kahneman (1992): α = 0.88, λ = 2.25, γ = 0.61 for gains and 0.69 for losses.
 * @example
 * ```ts
 * import { median } from 'halograd/halos'
 * console.log(median.lambda) // 2.25
 * ```
 */
export const median: Human = { alpha: 0.88, lambda: 2.25, gains: 0.61, losses: 0.69 }
/**
 * The parameters of a person who maximizes the expected outcome: every curvature is 1, and losses weigh as gains do.
 * @example
 * ```ts
 * import { prospectValue, rational } from 'halograd/halos'
 * console.log(prospectValue(rational, [{ outcome: 10, probability: 0.5 }, { outcome: 0, probability: 0.5 }])) // 5
 * ```
 */
export const rational: Human = { alpha: 1, lambda: 1, gains: 1, losses: 1 }

/**
 * The value of a gain or a loss z: z^α for z ≥ 0, else −λ(−z)^α.
 * @example
 * ```ts
 * import { median, subjectiveValue } from 'halograd/halos'
 * console.log(subjectiveValue(median)(-1)) // -2.25
 * ```
 */
export const subjectiveValue =
  ({ alpha, lambda }: Human) =>
  (z: number): number =>
    z >= 0 ? z ** alpha : -lambda * (-z) ** alpha

/**
 * The weight w(p) = p^γ/(p^γ + (1 − p)^γ)^(1/γ) of a probability p in [0, 1]. For γ < 1 small probabilities are overweighted; w(0) = 0,
 * w(1) = 1.
 * @example
 * ```ts
 * import { weight } from 'halograd/halos'
 * console.log(weight(0.61, 0.01) > 0.01, weight(0.61, 0.5) < 0.5) // true true
 * ```
 */
export const weight = (gamma: number, p: number): number => p ** gamma / (p ** gamma + (1 - p) ** gamma) ** (1 / gamma)

/**
 * The decision weight of each outcome, in the order given: differences of w over cumulative probabilities, from the best gain down and
 * from the worst loss up.
 * @param human the parameters of a person
 * @param gamble outcomes with probabilities that add up to 1
 * @param referencePoint what outcomes are compared with; default 0
 * @example
 * ```ts
 * import { decisionWeights, median } from 'halograd/halos'
 * const [win = 0, nothing = 0] = decisionWeights(median, [{ outcome: 10, probability: 0.5 }, { outcome: 0, probability: 0.5 }])
 * console.log(win.toFixed(3), (win + nothing).toFixed(3)) // 0.421 1.000
 * ```
 */
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

/**
 * The value of a gamble, V = Σ πᵢ v(xᵢ − x₀), to a person who compares with the reference point x₀ (cumulative prospect theory).
 * @param referencePoint x₀; default 0
 * @example
 * ```ts
 * import { median, prospectValue } from 'halograd/halos'
 * const gamble = [{ outcome: 100, probability: 0.5 }, { outcome: -100, probability: 0.5 }]
 * console.log(prospectValue(median, gamble) < 0) // true
 * ```
 */
export const prospectValue = (human: Human, gamble: readonly Prospect[], referencePoint = 0): number => {
  const [v, weights] = [subjectiveValue(human), decisionWeights(human, gamble, referencePoint)]
  return gamble.reduce((total, { outcome }, i) => total + weights[i]! * v(outcome - referencePoint), 0)
}

/**
 * The sure outcome that is worth as much as a gamble, in the units of the outcomes.
 * @param referencePoint what outcomes are compared with; default 0
 * @example
 * ```ts
 * import { certaintyEquivalent, median } from 'halograd/halos'
 * const gamble = [{ outcome: 100, probability: 0.5 }, { outcome: 0, probability: 0.5 }]
 * console.log(certaintyEquivalent(median, gamble).toFixed(1)) // 37.4
 * ```
 */
export const certaintyEquivalent = (human: Human, gamble: readonly Prospect[], referencePoint = 0): number => {
  const worth = prospectValue(human, gamble, referencePoint)
  const size = (x: number): number => x ** (1 / human.alpha)
  return referencePoint + (worth >= 0 ? size(worth) : -size(-worth / human.lambda))
}
