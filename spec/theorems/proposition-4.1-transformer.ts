/**
 * Proposition 4.1 of the KTO paper *through a whole transformer*: of every parameter, by our own derivative of the printed model.
 *
 *     ∇_θ L = −s λ β σ(z) σ(−z) ∇_θ log π_θ(y|x)  →  0  as z → ±∞
 */
import fc from 'fast-check'
import { add, fill, grad, mul, rename, sqrt, stopGradient, sub, sum, type Tensor, zipTree } from '../../core/index.ts'
import { inner } from '../../core/internal.ts'
import { dpo, getOrThrow, kto } from '../../halos/index.ts'
import { type Parameters, transformer } from '../../models/index.ts'
import { numbers, tiny, tokens } from '../models/tiny.ts'
import { theorem } from '../theorem.ts'

type Example = Tensor<'example'>
const real = (low: number, high: number) => fc.double({ min: low, max: high, noNaN: true })
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))
const one = (value: number): Example => fill({ example: 1 }, value)

const sequences = (row: readonly number[]) => ({
  tokens: tokens([row]),
  targets: tokens([[...row.slice(1), 0]]),
  mask: tokens([row.map((_, t) => (t >= 1 && t < row.length - 1 ? 1 : 0))]),
})
const [chosen, rejected] = [sequences([1, 4, 7, 3, 2]), sequences([1, 4, 9, 9, 2])]

/** A completion whose implied reward is `reward`, whatever the policy says of it. */
const placed = (policy: Example, reward: number, beta: number) => ({
  policy,
  reference: sub(stopGradient(policy), reward / beta),
  length: one(3),
})

const gradients = ({ config, parameters }: (typeof tiny)[number]) => {
  const model = transformer(config)
  const score = (p: Parameters, row: typeof chosen): Example => rename(model.logProbabilities(p, row), 'batch', 'example')
  const total = (x: Example): Tensor => sum(x, 'example')
  return {
    /** ‖∇L − factor · ∇log π‖ and ‖∇log π‖ for KTO on one completion. */
    kto: async (beta: number, lambda: number, sign: number, reward: number, factor: number) => {
      const loss = getOrThrow(kto({ beta, desirable: lambda, undesirable: lambda }))
      const gradient = grad((p: Parameters) => {
        const outcome = placed(score(p, chosen), reward, beta)
        return loss.evaluate({ outcome, label: one(sign), unrelated: placed(one(0), 0, beta) }).loss
      })(parameters)
      return compare(gradient, grad((p: Parameters) => total(score(p, chosen)))(parameters), factor)
    },
    /** The same for DPO, with the gradient of log π(y_w|x) − log π(y_l|x). */
    dpo: async (beta: number, margin: number, factor: number) => {
      const loss = getOrThrow(dpo({ beta }))
      const gradient = grad((p: Parameters) => {
        const [w, l] = [placed(score(p, chosen), margin, beta), placed(score(p, rejected), 0, beta)]
        return loss.evaluate({ chosen: w, rejected: l }).loss
      })(parameters)
      return compare(gradient, grad((p: Parameters) => total(sub(score(p, chosen), score(p, rejected))))(parameters), factor)
    },
  }
}
const compare = async (gradient: Parameters, direction: Parameters, factor: number) => {
  const off = zipTree(gradient, [direction], (g, d) => add(g!, mul(d!, -factor)))
  const [[error = Number.NaN], [size = Number.NaN]] = await Promise.all([
    numbers(sqrt(inner(off, off))),
    numbers(sqrt(inner(direction, direction))),
  ])
  return { error, size }
}

const families = new Map(tiny.map((model) => [model.name, gradients(model)]))
const of = (name: string) => families.get(name)!
const family = fc.constantFrom(...families.keys())
const source = 'Ethayarajh et al. (2024), arXiv:2402.01306v1, Proposition 4.1'

const theUpdate = theorem('Proposition 4.1 through a transformer, the update', {
  statement: 'the gradient of all parameters is −sλβσ(z)σ(−z) times that of the log-probability',
  source,
  cases: 20,
  holds: fc.asyncProperty(
    family,
    real(0.05, 1),
    real(0.1, 3),
    fc.constantFrom(1, -1),
    real(-30, 30),
    async (name, beta, lambda, sign, z) => {
      const factor = -sign * lambda * beta * sigmoid(z) * sigmoid(-z)
      const { error, size } = await of(name).kto(beta, lambda, sign, z, factor)
      return size > 0.1 && error <= 1e-9 * Math.abs(factor) * size + 1e-300
    },
  ),
  controls: [
    {
      of: 'DPO, whose factor is −βσ(−z)',
      breaks: fc.asyncProperty(family, real(0.05, 1), real(-30, 30), async (name, beta, z) => {
        const factor = -beta * sigmoid(z) * sigmoid(-z)
        const { error, size } = await of(name).dpo(beta, z, factor)
        return error <= 1e-9 * Math.abs(factor) * size
      }),
    },
  ],
})

const theLimit = theorem('Proposition 4.1 through a transformer, the limit', {
  statement: "as the implied reward tends to ±∞, KTO's gradient of all parameters vanishes",
  source,
  cases: 12,
  holds: fc.asyncProperty(family, fc.constantFrom(1, -1), fc.constantFrom(1, -1), real(20, 2000), async (name, sign, side, z) => {
    const { error, size } = await of(name).kto(0.1, 1, sign, side * z, 0)
    return size > 0.1 && error <= 0.1 * Math.exp(-z) * size * (1 + 1e-9)
  }),
  controls: [
    {
      of: 'DPO, whose gradient tends to β∇(log π(y_w|x) − log π(y_l|x)) as the margin tends to −∞',
      breaks: fc.asyncProperty(family, fc.constantFrom(1, -1), real(20, 2000), async (name, side, z) => {
        const { error, size } = await of(name).dpo(0.1, side * z, 0)
        return error <= 0.1 * Math.exp(-z) * size * (1 + 1e-9)
      }),
    },
  ],
})

export default [theUpdate, theLimit]
