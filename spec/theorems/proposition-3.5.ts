/** Proposition 3.5: DPO, SLiC's calibration and PPO-Clip are HALOs: the published formula is the declared composition. */
import fc from 'fast-check'
import { numbers as reals } from '../../core/index.ts'
import { type AnyLoss, catalogue, dpo, find, getOrThrow, type Halo, vary } from '../../halos/index.ts'
import { column, completion, scalar, slope } from '../halos/numbers.ts'
import { theorem } from '../theorem.ts'

const families = await catalogue()
const loss = (key: string, settings = {}): AnyLoss => getOrThrow(find(families, key)!(settings))
const real = (low: number, high: number) => fc.double({ min: low, max: high, noNaN: true })
const close = (x: number, y: number): boolean => Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(x), Math.abs(y))

interface Published {
  readonly loss: AnyLoss
  /** The published formula, and its derivative, in the policy's log-probability p (reference −3; other completion at log π = −4, −5). */
  readonly formula: (p: number) => number
  readonly derivative: (p: number) => number
  readonly sign: number
}
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))
const published = (advantage: number): readonly Published[] => {
  const z = (p: number) => 0.1 * (p + 3) - 0.1
  const s = Math.sign(advantage)
  const [q, clip] = [(p: number) => Math.exp(p + 3), (x: number) => Math.min(Math.max(x, 0.8), 1.2)]
  return [
    { loss: loss('dpo'), formula: (p) => Math.log1p(Math.exp(-z(p))), derivative: (p) => -0.1 * sigmoid(-z(p)), sign: 1 },
    { loss: loss('slic-calibration'), formula: (p) => Math.max(0, 1 - p - 4), derivative: (p) => (p < -3 ? -1 : 0), sign: 1 },
    {
      loss: loss('ppo-clip'),
      formula: (p) => -Math.min(q(p) * s, clip(q(p)) * s),
      derivative: (p) => (q(p) * s < clip(q(p)) * s || clip(q(p)) === q(p) ? -s * q(p) : 0),
      sign: s,
    },
  ]
}

const equals = (claim: (advantage: number) => readonly Published[]) =>
  fc.asyncProperty(fc.constantFrom(1, -1), real(-6, -0.1), async (advantage, p) => {
    const other = completion(column(-4), [-5])
    const at = (policy: ReturnType<typeof column>) => {
      const own = completion(policy, [-3])
      return { chosen: own, rejected: other, outcome: own, label: column(advantage), unrelated: other }
    }
    for (const one of claim(advantage)) {
      const value = await scalar(one.loss.evaluate(at(column(p))).loss)
      const [gradient] = await slope((x) => one.loss.evaluate(at(x)).loss, [p])
      if (!close(value, one.formula(p)) || !close(gradient!, one.derivative(p))) return false
    }
    return true
  })

/** t turned the other way. */
const flipped = (h: Halo): AnyLoss => {
  const turn = ({ shift, scale }: Halo['t']['desirable']) => ({ shift, scale: -scale })
  return vary(h, { t: { desirable: turn(h.t.desirable), undesirable: turn(h.t.undesirable) } })
}

/**
 * Later versions declare a loss as E[a v(r − E_Q r)] + C with a ∈ {−1, +1} in front of v instead of a sign s inside. For judged completions
 * that is the same where v is symmetric, 1 − v(−z) = v(z): then λ (1 − v(s z)) = λ a v(z) + C with a = −s.
 */
const outside = (key: string) =>
  fc.asyncProperty(real(0.01, 2), real(-6, -0.1), real(-6, -0.1), real(-6, -0.1), fc.constantFrom(1, -1), async (beta, p, p2, q, s) => {
    const declared = loss(key, { beta }) as unknown as Halo // it is one
    const [judged, other] = [declared.needs.label, completion(column(q), [-2])]
    const reference = judged ? Math.max(0, beta * (q + 2)) : beta * (q + 2)
    const v = (x: number): number => declared.value.body(reals)(beta * (x + 3) - reference)
    const at = (x: number) => {
      const own = completion(column(x), [-3])
      const evidence = { chosen: own, rejected: other, outcome: own, unrelated: other, label: column(s) }
      return scalar((declared as AnyLoss).evaluate(evidence).loss)
    }
    return close((await at(p)) - (await at(p2)), (judged ? -s : -1) * (v(p) - v(p2))) // whatever C is
  })
const later = (key: string, of: string) =>
  theorem(`Theorem 3.5 (later versions), ${of}`, {
    statement: `${of} equals E[a·v(r − E_Q r)] + C with a = ±1, one v and r = β log π_θ/π_ref`,
    source: 'Ethayarajh et al. (2024), KTO, later versions, Definition 3.4 and Theorem 3.5',
    holds: outside(key),
    controls: [{ of: 'KTO with log σ for v, which is not symmetric', breaks: outside('kto-logsigmoid') }],
    cases: 100,
  })

/**
 * PPO-Clip: −min(qA, clip(q, 1 ± ε) A) = a v_A(q − 1) + C with a = −sign A, E_Q q = 1 for Q = π_old, and v(z) = min(z, ε) for A > 0, its mirror
 * −v(−z) for A < 0. Both are non-decreasing and concave on gains; no one v serves both signs.
 */
const clippedOutside = (v: (z: number, sign: number) => number) =>
  fc.asyncProperty(fc.constantFrom(1, -1), real(-6, -0.1), real(-6, -0.1), async (sign, p, p2) => {
    const ppo = loss('ppo-clip')
    const other = completion(column(-4), [-5])
    const at = (x: number) => {
      const own = completion(column(x), [-3])
      return scalar(ppo.evaluate({ chosen: own, rejected: other, outcome: own, unrelated: other, label: column(sign) }).loss)
    }
    const z = (x: number): number => Math.exp(x + 3) - 1
    return close((await at(p)) - (await at(p2)), -sign * (v(z(p), sign) - v(z(p2), sign)))
  })
const clip = (z: number): number => Math.min(z, 0.2)

export default [
  theorem('Theorem 3.5 (later versions), PPO-Clip', {
    statement: 'PPO-Clip equals E[a·v(r − E_Q r)] + C with a = ±1, r = q, Q = π_old, and v(z) = min(z, ε) or, where A < 0, −v(−z)',
    source: 'Ethayarajh et al. (2024), KTO, later versions, Definition 3.4 and Theorem 3.5',
    holds: clippedOutside((z, sign) => sign * clip(sign * z)),
    controls: [
      { of: 'one v for both signs of A', breaks: clippedOutside((z) => clip(z)) },
      { of: 'r = log q', breaks: clippedOutside((z, sign) => sign * clip(sign * Math.log1p(z))) },
    ],
    cases: 100,
  }),
  later('dpo', 'DPO'),
  later('kto', 'KTO'),
  theorem('Proposition 3.5', {
    statement: 'DPO, SLiC calibration and PPO-Clip equal their declared composition, value and gradient',
    source: 'Ethayarajh et al. (2024), arXiv:2402.01306v1, Proposition 3.5; PPO-Clip with r = q (see halos/losses/ppo-clip.ts)',
    holds: equals(published),
    controls: [
      {
        of: 'DPO with its t turned round',
        breaks: equals((advantage) =>
          published(advantage)
            .slice(0, 1)
            .map((one) => ({ ...one, loss: flipped(getOrThrow(dpo()) as unknown as Halo) })),
        ),
      },
    ],
  }),
]
