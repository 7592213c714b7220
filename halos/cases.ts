/**
 * A loss on given numbers: log-probabilities by name in; loss, per-example losses, rewards, reference point and gradients out.
 *
 *     { inputs: { policy_logps, ref_logps, labels, policy_KL_logps, ref_KL_logps } }                       judged completions
 *     { inputs: { policy_chosen_logps, policy_rejected_logps, ref_chosen_logps, ref_rejected_logps } }     pairs
 */
import {
  type AnyTensor,
  type Backend,
  equal,
  fill,
  grad,
  maximum,
  mul,
  read,
  size,
  sub,
  sum,
  type Tensor,
  tensor,
  where,
} from '../core/index.ts'
import {
  type Completion,
  collect,
  columns,
  EvidenceError,
  type EvidenceRole,
  evidenceFields,
  type Incomplete,
  roles,
  supply,
} from './evidence.ts'
import type { Settings } from './family.ts'
import type { AnyLoss, Outcome, Rewards, Statistic } from './loss.ts'
import type { TokenRatios } from './reading.ts'
import { type Reward, rewardOf } from './reward.ts'

/** A number for each example, or one for each of its tokens. */
export type Column = readonly (number | boolean)[] | readonly (readonly number[])[]
export interface Case {
  readonly id?: string
  readonly inputs: Readonly<Record<string, Column>>
}
/** A number for each example, or a row of them. */
type CaseValues = readonly number[] | readonly (readonly number[])[]
export interface CaseResult {
  readonly id?: string
  readonly loss: number
  /** In the order of the inputs; for losses of tokens one a token, row by row. */
  readonly losses: readonly number[]
  readonly chosen_rewards: readonly number[]
  readonly rejected_rewards: readonly number[]
  /** The estimate of KL(π_θ‖π_ref), where the loss makes one. */
  readonly kl?: number
  /** ∂loss/∂input for every policy input; `null` where no gradient flows. */
  readonly grads: Readonly<Record<string, CaseValues | null>>
}

/** Tensors over 'example', or 'example' and 'token', by name. */
export type Inputs = Readonly<Record<string, Tensor<string>>>

/**
 * The evidence that these inputs are, by the names that the table of evidence gives. Where no length is given, tokens count whose log-probability is not
 * exactly 0 (padding); a number for the whole completion counts as one token: it is an average then. An empty completion counts as one token, of
 * log-probability 0.
 */
export const evidenceOf = (inputs: Inputs): Incomplete => {
  const column = (name: string): Tensor<'example'> | undefined => {
    const x = inputs[name]
    // The axes are those that `inputsOf` below gave it.
    return x && ('token' in x.shape ? sum(x as Tensor<'example' | 'token'>, 'token') : (x as Tensor<'example'>))
  }
  const completion = (role: EvidenceRole): Partial<Completion> | undefined => {
    const { inputs: names } = evidenceFields[role]
    const [policy, reference, length] = [column(names.policy), column(names.reference), column(names.length)]
    return policy && { policy, ...(reference && { reference }), length: length ?? tokens(inputs[names.policy]!) }
  }
  return { ...collect(roles, completion), ...collect(columns, (name) => column(evidenceFields[name].input)) }
}

/** The same for a loss that reads tokens. @throws EvidenceError where a number stands for a whole completion */
const readFrom = ({ name, tokens }: AnyLoss, inputs: Inputs): Incomplete => {
  if (tokens === undefined) return evidenceOf(inputs)
  const ratios = (role: EvidenceRole): TokenRatios | undefined => {
    const { inputs: names } = evidenceFields[role]
    const [policy, reference] = [inputs[names.policy], inputs[names.reference]]
    if (policy === undefined || reference === undefined) return undefined
    if (!('token' in policy.shape && 'token' in reference.shape))
      throw new EvidenceError(
        `${name} reads tokens: give ${names.policy} and ${names.reference} as a list of log-probabilities a completion`,
      )
    const [p, q] = [policy, reference] as readonly TokenRatios['policy'][] as [TokenRatios['policy'], TokenRatios['policy']] // they have both axes
    return { policy: p, reference: q, mask: sub(1, mul(equal(p, 0), equal(q, 0))) as TokenRatios['mask'] }
  }
  return { ...evidenceOf(inputs), ...tokens.read(collect(roles, ratios)) }
}

const tokens = (x: Tensor<string>): Tensor<'example'> =>
  'token' in x.shape
    ? (maximum(sum(where(equal(x, 0), 0, 1) as Tensor<'example' | 'token'>, 'token'), 1) as Tensor<'example'>)
    : fill({ example: size(x, 'example') }, 1)

/** Columns as tensors. */
export const inputsOf = (inputs: Case['inputs']): Inputs =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, column]) => {
      const rows = column.map((row) => (typeof row === 'object' ? row : [typeof row === 'boolean' ? (row ? 1 : -1) : row]))
      const shape = { example: rows.length, ...(typeof column[0] === 'object' && { token: rows[0]!.length }) }
      return [name, tensor<string>(shape, rows.flat())]
    }),
  )

/** Hyper-parameters by the names of the other library. */
export type Hyper = Readonly<Record<string, unknown>>

/** What another library calls one of our losses. */
export interface Upstream {
  /** The key of the family. */
  readonly family: string
  readonly settings: (hyper: Hyper) => Settings
  /** How their function reads its inputs and reports its outputs. */
  readonly conventions: (hyper: Hyper) => Conventions
  /** Their per-example losses come desirable first, then undesirable. */
  readonly desirableFirst: boolean
}

export interface Conventions {
  /** The statistic of the reference point, where it is given: unrelated completions are not asked for then. */
  readonly pooled?: (given: Inputs) => Statistic
  /** The inputs under our names, as expressions of those that were given. */
  readonly inputs?: (given: Inputs) => Inputs
  /** What they report as reward, where it is not the r of the loss. */
  readonly reported?: Reward
  /** The inputs with respect to which they differentiate. Default: what the policy thinks. */
  readonly trained?: RegExp
  /** How they call the loss, where evidence of completions is not what they have. */
  readonly evaluate?: (loss: AnyLoss, given: Inputs) => Pick<Outcome, 'loss' | 'kl'> & { readonly losses: AnyTensor }
}

/** The loss and its gradient on a case. Throws an EvidenceError where an input that the loss needs is missing. */
export const evaluateCase = async (
  backend: Backend,
  loss: AnyLoss,
  { id, inputs: given }: Case,
  { pooled, inputs = (x) => x, reported, trained = /^(policy_|values$)/, evaluate }: Conventions = {},
): Promise<CaseResult> => {
  const all = inputsOf(given)
  const policies = Object.fromEntries(Object.entries(all).filter(([name]) => trained.test(name)))
  const evidence = (p: Inputs): Incomplete => readFrom(loss, inputs({ ...all, ...p }))
  const run = (p: Inputs): Pick<Outcome, 'loss' | 'kl'> & { readonly losses: AnyTensor; readonly rewards?: Rewards } =>
    evaluate === undefined ? loss.evaluate(supply(loss, evidence(p), pooled), pooled?.(all)) : evaluate(loss, { ...all, ...p })
  const outcome = run(policies)
  const { kl, rewards = {} } = { ...outcome, ...(reported && { rewards: rewardsOf(reported, evidence(policies)) }) }
  const numbers = async (x: AnyTensor | undefined): Promise<readonly number[]> =>
    x === undefined ? [] : [...(await read(backend, x as Tensor<string>))]
  const [own, labels] = [await numbers(rewards.outcome), await numbers(all.labels)]
  const judged = (sign: number, direct: readonly number[]): readonly number[] =>
    rewards.outcome === undefined ? direct : own.filter((_, i) => Math.sign(labels[i] ?? 1) === sign)
  const grads: Record<string, CaseValues | null> = {}
  for (const [name, x] of Object.entries(grad((p: Inputs) => run(p).loss)(policies))) grads[name] = nested(x, await numbers(x))
  return {
    ...(id !== undefined && { id }),
    loss: (await numbers(outcome.loss))[0]!,
    losses: await numbers(outcome.losses),
    chosen_rewards: judged(1, await numbers(rewards.chosen)),
    rejected_rewards: judged(-1, await numbers(rewards.rejected)),
    ...(kl && { kl: (await numbers(kl))[0]! }),
    grads,
  }
}

const rewardsOf = (reward: Reward, evidence: Incomplete): Rewards => {
  const r = rewardOf(reward)
  const of = (role: 'outcome' | 'chosen' | 'rejected'): Rewards => {
    const { policy, ...rest } = evidence[role] ?? {}
    return policy === undefined ? {} : { [role]: r({ policy, ...rest }) }
  }
  return { ...of('outcome'), ...of('chosen'), ...of('rejected') }
}

/** A gradient that is no expression of anything, only a constant, never had a path. */
const nested = (x: AnyTensor, values: readonly number[]): CaseValues | null => {
  if (x.op.tag === 'constant' || (x.op.tag === 'broadcastTo' && x.from[0]?.op.tag === 'constant')) return null
  const width = x.shape.token
  return width === undefined ? values : Array.from({ length: values.length / width }, (_, i) => values.slice(i * width, (i + 1) * width))
}
