/** From a draft to a loss: the same constructors that a file of one's own would call, and the file itself as text. */
import { either as E } from 'fp-ts'
import type { Unary } from '../../../core/index.ts'
import {
  type AnyLoss,
  anchor,
  batch,
  byLabel,
  type Checked,
  catalogue,
  complement,
  find,
  type Halo,
  halo,
  isHalo,
  type LossFamily,
  logOdds,
  logProbability,
  logProbabilityPerToken,
  logRatio,
  logRatioPerToken,
  opposite,
  policy,
  type Reference,
  type Reward,
  rejected,
  running,
  value,
} from '../../../halos/index.ts'
import { bold, type CatalogueDraft, type Draft, type PartsDraft, referenceNames, rewardNames } from './draft.ts'
import { bodyOf, call, constant, type Expression, parse, variable } from './expression.ts'
import { formulaOf, typescriptOf } from './writing.ts'

const rewards: { readonly [N in PartsDraft['reward']]: (beta: number) => Checked<Reward> } = {
  ...{ logRatio, logRatioPerToken, logProbability, logProbabilityPerToken },
  logOdds: () => logOdds,
}
const references: { readonly [N in PartsDraft['reference']]: Checked<Reference> } = {
  ...{ policy: policy(), batch, running, opposite, anchor, rejected },
}

const families = catalogue()

/** The families that can be chosen. */
export const familiesOf = (): Promise<readonly LossFamily[]> => families

/** No loss of the catalogue has this name. */
export class UnknownLossError extends Error {
  override readonly name = 'UnknownLossError'
}

/**
 * The loss of a draft, or what is wrong with its settings.
 * @throws ExpressionError for a text that is no formula; UnknownLossError
 */
export const lossOfDraft = async (draft: Draft): Promise<Checked<AnyLoss>> => {
  if (draft.kind === 'parts') return declared(draft, parse(draft.value))
  const family = find(await families, draft.loss)
  if (family === undefined) throw new UnknownLossError(`the catalogue has no loss “${draft.loss}”`)
  return family(draft.settings)
}

const declared = (draft: PartsDraft, formula: Expression): Checked<Halo> => {
  const body = bodyOf(shifted(formula, draft.margin))
  return halo({
    name: draft.name || 'unnamed',
    reward: rewards[draft.reward](draft.beta),
    reference: references[draft.reference],
    value: value(draft.value.length > 60 ? 'v(z)' : formulaOf(body), body),
    t: byLabel({ desirable: complement(draft.desirable), undesirable: complement(draft.undesirable) }),
  })
}

/** v(z − margin). */
const shifted = (formula: Expression, margin: number): Expression => {
  if (margin === 0) return formula
  const z = call('sub', variable, constant(margin))
  const move = (e: Expression): Expression => (e.tag === 'z' ? z : e.tag === 'number' ? e : { ...e, args: e.args.map(move) })
  return move(formula)
}

/** A loss of the catalogue as parts to change, where its parts are among those that a draft can name. */
export const partsOf = async ({ loss: key, settings }: CatalogueDraft): Promise<PartsDraft | undefined> => {
  const family = find(await families, key)
  if (family === undefined) return undefined
  const made = family(settings)
  if (E.isLeft(made) || !isHalo(made.right)) return undefined
  const loss: Halo = made.right
  const beta = settings.beta ?? family.defaults.beta ?? bold.beta
  const named = <N extends string>(names: object, same: (name: N) => boolean): N | undefined =>
    (Object.keys(names) as N[]).find((name) => same(name)) // the keys of a table are its names
  const reward = named<PartsDraft['reward']>(rewardNames, (name) => nameOf(rewards[name](beta)) === loss.reward.name)
  const reference = named<PartsDraft['reference']>(referenceNames, (name) => nameOf(references[name]) === loss.reference.name)
  const { desirable, undesirable } = loss.inverseTemperature
  if (reward === undefined || reference === undefined || desirable !== 1 || undesirable !== 1) return undefined
  return {
    ...{ kind: 'parts', name: `my ${loss.name}`, reward, reference, value: formulaOf(loss.value.body), beta, margin: 0 },
    ...{ desirable: loss.t.desirable.scale, undesirable: loss.t.undesirable.scale },
  }
}
const nameOf = (part: Checked<{ readonly name: string }>): string | undefined => (E.isRight(part) ? part.right.name : undefined)

/** The value function of a loss, where it is declared by one. */
export const valueFunctionOf = (loss: AnyLoss): Unary | undefined => (isHalo(loss) ? loss.value.body : undefined)

/** The file that declares this loss: what `halograd verify --file` and `align --halo` take. */
export const fileOf = (draft: Draft): string => {
  if (draft.kind === 'catalogue')
    return `import { catalogue, find, getOrThrow } from 'halograd/halos'

const family = find(await catalogue(), ${JSON.stringify(draft.loss)})
if (family === undefined) throw new Error('no such loss')
export default getOrThrow(family(${JSON.stringify(draft.settings)}))
`
  const { name, reward, beta, reference, desirable, undesirable } = draft
  const [r, q] = [reward === 'logOdds' ? reward : `${reward}(${beta})`, reference === 'policy' ? 'policy()' : reference]
  const body = typescriptOf(shifted(parse(draft.value), draft.margin))
  return `import { byLabel, complement, getOrThrow, halo, ${reward}, ${reference}, value } from 'halograd/halos'

export default getOrThrow(
  halo({
    name: ${JSON.stringify(name || 'unnamed')},
    reward: ${r},
    reference: ${q},
    value: value('v(z)', ${body}),
    t: byLabel({ desirable: complement(${desirable}), undesirable: complement(${undesirable}) }),
  }),
)
`
}
