/** Definition 3.4, for every loss that is declared: each condition proved from its text, at settings drawn at random. */
import fc from 'fast-check'
import type { Unary } from '../../core/index.ts'
import {
  type AnyLoss,
  always,
  catalogue,
  find,
  getOrThrow,
  halo,
  isHalo,
  isView,
  type LossFamily,
  logRatio,
  negation,
  rejected,
  value,
  verify,
} from '../../halos/index.ts'
import { refutation } from '../../halos/internal.ts'
import { theorem } from '../theorem.ts'

const families = await catalogue()
const hasDeclaration = (family: LossFamily): boolean => {
  const loss = getOrThrow(family())
  return isHalo(loss) || isView(loss)
}
/** Published, and declared as what it is: convex on gains. It is a control below. */
const counterexample = 'diffusion-kto-seeking'
const declared = families.filter((family) => hasDeclaration(family) && family.key !== counterexample)
const stated = families.filter((family) => !hasDeclaration(family))

/** A loss of these at each setting between half and twice its default (a setting of 0 stays: it switches something off; so do fractions and exponents). */
const lossOf = (key: string, factor: number): AnyLoss => {
  const family = find(families, key)!
  return getOrThrow(
    family(Object.fromEntries(Object.entries(family.defaults).map(([k, x]) => [k, k === 'alpha' || k === 'shift' ? x : x * factor]))),
  )
}
const someOf = (among: readonly LossFamily[], holds: (loss: AnyLoss) => boolean) =>
  fc.property(fc.constantFrom(...among.map(({ key }) => key)), fc.double({ min: 0.5, max: 2, noNaN: true }), (key, factor) =>
    holds(lossOf(key, factor)),
  )

/** What is not a HALO, declared as if it were one. */
const pretend = (name: string, body: Unary) =>
  getOrThrow(halo({ name, reward: logRatio(1), reference: rejected, value: value(name, body), t: always(negation) }))
const minus = <A>(S: { readonly mul: (x: A, y: A) => A; readonly of: (n: number) => A }, x: A): A => S.mul(S.of(-1), x)
const pretenders = [
  pretend('PPO-Clip as published, r = log q', (S) => (z) => minus(S, S.max(minus(S, S.exp(z)), S.of(-1.2)))),
  pretend('cDPO', (S) => (z) => minus(S, S.add(S.softplus(minus(S, z)), S.mul(S.of(0.1), z)))),
  pretend('IPO', (S) => (z) => minus(S, S.mul(S.sub(z, S.of(5)), S.sub(z, S.of(5))))),
  getOrThrow(find(families, counterexample)!()),
  pretend('Diffusion-KTO’s exponential value, e^(z/100) − 1', (S) => (z) => S.expm1(S.mul(S.of(0.01), z))),
  pretend('DiscoPOP', (S) => (z) => {
    const m = S.sigmoid(S.mul(S.of(20), z))
    return minus(S, S.add(S.mul(S.softplus(minus(S, z)), S.sub(S.of(1), m)), S.mul(S.exp(minus(S, z)), m)))
  }),
]

/** Of one loss: the counterexample is the witness. */
const isHaloItself = (loss: AnyLoss) => {
  const witness = verify(loss).conditions.flatMap(({ name, finding }) =>
    finding.tag === 'refuted' ? `not ${name}: ${finding.witness}` : [],
  )
  return fc.property(fc.constant(witness[0] ?? ''), () => verify(loss).verdict === 'HALO')
}
/** Of stated losses, settings of any size: from a thousandth to a thousand times the default, where that is allowed. */
const anySize = fc.property(
  fc.constantFrom(...stated),
  fc.double({ min: -3, max: 3, noNaN: true }).map((k) => 10 ** k),
  (family, factor) => {
    const settings = Object.fromEntries(Object.entries(family.defaults).map(([name, x]) => [name, x * factor]))
    const made = family(settings)
    const verdict = verify(made._tag === 'Right' ? made.right : getOrThrow(family())).verdict
    return verdict === 'not a HALO' || (family.key === 'discopop' && settings.tau! > 0.2)
  },
)
const standsAlone = (loss: AnyLoss) => fc.property(fc.constant(refutation(loss) ?? ''), () => refutation(loss) === undefined)

/** The boxes of all proofs, at the settings that are default. */
const boxes = declared
  .flatMap((family) => verify(getOrThrow(family())).conditions)
  .reduce((n, { finding }) => n + (finding.tag === 'proved' ? finding.boxes : 0), 0)

export default [
  theorem('Definition 3.4', {
    statement: 'every loss that is declared is a HALO, at any settings',
    source: 'Ethayarajh et al. (2024), arXiv:2402.01306v1, Definition 3.4',
    holds: someOf(declared, (loss) => verify(loss).verdict === 'HALO'),
    controls: pretenders.map((loss) => ({ of: `${loss.name}, declared as one`, breaks: isHaloItself(loss) })),
    cases: 60,
    boxes,
  }),
  theorem('No HALOs', {
    statement:
      'every loss that is stated to be none is refuted, at settings of any size, but DiscoPOP with τ > 0.2, which is a HALO for τ ≥ 1',
    source: 'the lemmas of halos/refute.ts',
    holds: anySize,
    controls: [{ of: 'the losses that are declared', breaks: someOf(declared, (loss) => verify(loss).verdict === 'not a HALO') }],
    cases: 60,
  }),
  theorem('The lemmas of refutation', {
    statement: 'no loss that has a declaration is refuted by what refutes those that have none',
    source: 'the lemmas of halos/refute.ts',
    holds: someOf(declared, (loss) => refutation(loss) === undefined),
    controls: ['ipo', 'mpo', 'orpo', 'sft'].map((key) => ({ of: lossOf(key, 1).name, breaks: standsAlone(lossOf(key, 1)) })),
    cases: 60,
  }),
]
