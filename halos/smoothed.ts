/**
 * Label smoothing: a preference is believed with probability 1 − ε.
 *
 *     (1 − ε)(−log σ(z)) + ε(−log σ(−z)) = −log σ(z) + ε z,   z = r_w − r_l − γ
 *
 * For ε = 0 this is a HALO with v = log σ; for ε > 0 it rises beyond z = log((1 − ε)/ε), and no declaration exists.
 */
import { either as E } from 'fp-ts'
import { always, negation } from './affine.ts'
import { margin } from './algebra.ts'
import type { CompletionPart, Evidence } from './evidence.ts'
import { type Halo, halo, vary } from './halo.ts'
import { type PairText, type ScalarText, settledPair } from './parameters.ts'
import { type Reference, rejected } from './reference.ts'
import type { Reward } from './reward.ts'
import type { TextSource } from './source.ts'
import type { Stated } from './stated.ts'
import { type Checked, fraction } from './validation.ts'
import { logLogistic, makeValue } from './value.ts'

export const smoothed = <P extends CompletionPart>(statement: {
  readonly name: string
  readonly source: TextSource
  readonly reward: Checked<Reward<P>>
  readonly epsilon: number
  readonly gamma?: number
  readonly reference?: Checked<Reference<'pair'>>
}): Checked<Halo<P, 'pair'> | Stated<Evidence<P, 'pair'>>> => {
  const { name, source, reward, gamma = 0, reference = rejected } = statement
  const plain = halo({ name, source, reward, reference, value: logLogistic, t: always(negation) })
  const moved = E.chain((h: Halo<P, 'pair'>) => margin(gamma)(h))(plain)
  return E.chain((epsilon: number) =>
    E.map((h: Halo<P, 'pair'>) => (epsilon === 0 ? { ...h, name } : believed(h, name, epsilon, gamma)))(moved),
  )(fraction('epsilon', statement.epsilon))
}

/** v(z) − ε (z − γ) in place of v: what a HALO computes with it, stated instead of declared. */
const believed = <P extends CompletionPart>(
  h: Halo<P, 'pair'>,
  name: string,
  epsilon: number,
  gamma: number,
): Stated<Evidence<P, 'pair'>> => {
  const settings = { ε: { value: epsilon, range: [Number.MIN_VALUE, 0.5 - 2 ** -54], says: '0 < ε < ½' } } as const
  const v: ScalarText =
    (S) =>
    (z, { ε }) =>
      S.sub(h.value.body(S)(z), S.mul(ε!, S.sub(z, S.of(gamma))))
  const text: PairText = (S, given) => (w, l) => S.mul(S.of(-1), v(S)(S.sub(w, l), given))
  const { source, needs, evaluate } = vary(h, { value: makeValue(`${h.value.name} − ${epsilon} (z − ${gamma})`, v, settings) })
  return {
    ...{ kind: 'stated', name: `${name}, ε = ${epsilon}`, source, needs, evaluate },
    because: `not monotone in log π: it rises beyond z = ${Math.log((1 - epsilon) / epsilon).toPrecision(3)}`,
    formula: { body: settledPair(text, settings), text, settings, of: ['r_w', 'r_l'], reward: h.reward },
  }
}
