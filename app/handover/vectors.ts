/**
 * A loss on fixed numbers, with what halograd's reference backend (float64) finds of them: what `check_parity.py` asserts where a loss was
 * exported to, and what `halograd broadcastTo` asks of anybody's implementation.
 *
 *     { format, version, name, settings, needs, tolerances, cases: [{ id, inputs, parts, expected: { loss, losses, …, grads } }] }
 *
 * Inputs are multiples of 1/64 below 2¹⁷, so that float32 holds them, and their differences, exactly.
 */
import { reference } from '../../backends/index.ts'
import { type AnyTensor, type Backend, reachable, read, type Tensor } from '../../core/index.ts'
import { constant, draw, fresh, stream } from '../../core/internal.ts'
import type { AnyLoss, Needs, Settings } from '../../halos/index.ts'
import {
  type Case,
  type CaseResult,
  columns,
  columnsOf,
  type EvidenceColumn,
  type EvidenceRole,
  evaluateCase,
  evidenceFields,
  evidenceOf,
  inputsOf,
  roles,
  rolesOf,
  supply,
} from '../../halos/internal.ts'
import { divide, metricsOf } from '../../models/internal.ts'
import { toJson } from '../terminal/json.ts'

/** One batch, and what a loss is of it. */
export interface ParityVector extends Case {
  readonly id: string
  readonly inputs: Readonly<Record<string, readonly number[]>>
  /** The sizes of the micro-batches, or of the ranks' denominator: one, or several that add up. */
  readonly parts: readonly number[]
  readonly expected: Expected
  /** The same where numbers are float32, if that is another one: limits (of exponents) follow the type of numbers. */
  readonly expected_float32?: Expected
}
export interface Expected extends Partial<Pick<CaseResult, 'kl'>>, Pick<CaseResult, 'loss' | 'losses' | 'grads'> {
  readonly rewards?: readonly number[]
  readonly chosen_rewards?: readonly number[]
  readonly rejected_rewards?: readonly number[]
  readonly relative_reward?: readonly number[]
  readonly steepness?: readonly number[]
  readonly z0?: number
  /** What is pooled over the parts. */
  readonly statistic?: { readonly sum: number; readonly count: number }
  readonly metrics: Readonly<Record<string, number>>
}
export interface Vectors {
  readonly format: 'halograd vectors'
  readonly version: 1
  readonly name: string
  readonly settings: Settings
  readonly needs: readonly (keyof Needs)[]
  readonly tolerances: { readonly float64: number; readonly float32: number; readonly bfloat16: number }
  readonly cases: readonly ParityVector[]
}

export const needsOf = ({ needs }: AnyLoss): readonly (keyof Needs)[] =>
  (Object.keys(needs) as (keyof Needs)[]).filter((need) => needs[need]) // its keys are those of Needs

/** The vectors of a loss. `wholeBatch`: parts of a batch do not add up to it, so none is cut. */
export const vectorsOf = async (loss: AnyLoss, settings: Settings, wholeBatch: boolean): Promise<Vectors> => {
  const cases: ParityVector[] = []
  for (const { parts, ...given } of batchesFor(loss)) {
    const [expected, single] = [await expect(loss, given), await expect(loss, given, withLimitsOfFloat32)]
    const other = toJson(expected) !== toJson(single) && { expected_float32: single }
    cases.push({ ...given, parts: wholeBatch ? [parts.reduce((a, b) => a + b)] : parts, expected, ...other })
  }
  return {
    ...{ format: 'halograd vectors', version: 1, name: loss.name, settings, needs: needsOf(loss) },
    ...{ tolerances: { float64: 1e-9, float32: 1e-5, bfloat16: 0.05 }, cases },
  }
}

const exact = reference()
/** Float64, but with the limits that float32 has: what a program in float32 should find, to its precision. */
export const withLimitsOfFloat32: Backend = {
  ...exact,
  compile: (graph) => {
    const made = new Map<AnyTensor, AnyTensor>(graph.inputs.map((x) => [x, x]))
    for (const x of reachable(graph.outputs)) {
      const from = x.from.map((y) => made.get(y)!)
      const single = x.op.tag === 'constant' ? x.op.single : undefined
      if (!made.has(x)) made.set(x, single !== undefined ? constant(single) : from.length === 0 ? x : fresh(x.op, from, x.shape))
    }
    return exact.compile({ ...graph, outputs: graph.outputs.map((x) => made.get(x)!) })
  },
}

/** What the loss is of these inputs. */
export const expect = async (loss: AnyLoss, given: Pick<ParityVector, 'id' | 'inputs'>, backend: Backend = exact): Promise<Expected> => {
  const { losses, grads, loss: value, kl } = await evaluateCase(backend, loss, given)
  const evidence = supply(loss, evidenceOf(inputsOf(given.inputs)))
  const outcome = loss.evaluate(evidence)
  const numbers = async <A extends string>(x: Tensor<A>): Promise<readonly number[]> => [...(await read(backend, x))]
  const number = async (x: Tensor): Promise<number> => (await read(backend, x))[0]!
  const { rewards, relativeReward, steepness, z0 } = outcome
  const statistic = loss.statistic?.(evidence)
  const undivided: Record<string, { readonly sum: number; readonly count: number }> = {}
  for (const [name, mean] of Object.entries(metricsOf(loss, evidence, outcome, {})))
    undivided[name] = { sum: await number(mean.sum), count: await number(mean.count) }
  return {
    ...{ loss: value, losses },
    ...(rewards.outcome && { rewards: await numbers(rewards.outcome) }),
    ...(rewards.chosen && { chosen_rewards: await numbers(rewards.chosen) }),
    ...(rewards.rejected && { rejected_rewards: await numbers(rewards.rejected) }),
    ...(relativeReward && { relative_reward: await numbers(relativeReward) }),
    ...(steepness && { steepness: await numbers(steepness) }),
    ...(z0 && { z0: await number(z0) }),
    ...(kl !== undefined && { kl }),
    ...(statistic && { statistic: { sum: await number(statistic.sum), count: await number(statistic.count) } }),
    ...{ metrics: { loss: value, ...divide(undivided) }, grads },
  }
}

// ------------------------------------------------------------------ the batches

export type VectorBatch = Pick<ParityVector, 'id' | 'inputs' | 'parts'>
/** Log-ratios (or scores, or log-probabilities, where the loss has no reference model) of two sides of a batch, and its labels. */
export interface Sides {
  readonly id: string
  readonly own: readonly number[]
  readonly other: readonly number[]
  readonly labels: readonly number[]
  readonly parts?: readonly number[]
}

const size = 8
const quantum = 64
const rounded = (x: number): number => Math.round(x * quantum) / quantum
/** Numbers in [−scale, scale), always the same for the same seed. */
const spread = (seed: number, scale: number, count = size): readonly number[] =>
  Array.from({ length: count }, (_, i) => rounded(scale * (2 * draw(stream(seed, 7), i) - 1)))
const alternating: readonly number[] = [1, -1, 1, 1, -1, -1, 1, -1]
/** Neither sum, nor their difference, is a small difference of large numbers, which float32 would not find. */
const extremes: readonly number[] = [1e4, -1e4, 7000, -700, 90, -90, 1, 0]
const otherExtremes: readonly number[] = [0, 1, -90, -7000, -600, 5000, -1e4, 1e4]

/** The batches that a loss is asked about. */
export const batchesFor = (loss: Pick<AnyLoss, 'needs'>): readonly VectorBatch[] => sides.map((each) => batchOf(loss, each))

const sides: readonly Sides[] = [
  { id: 'mild', own: spread(1, 3), other: spread(2, 3), labels: alternating },
  { id: 'strong', own: spread(3, 40), other: spread(4, 40), labels: alternating },
  { id: 'extreme', own: extremes, other: otherExtremes, labels: alternating },
  { id: 'step 0', own: extremes.map(() => 0), other: extremes.map(() => 0), labels: alternating },
  { id: 'ties', own: [1, 1, 1, 0, 0, -1, -1, 1], other: [1, 1, 0, 0, 1, -1, 1, -1], labels: alternating },
  { id: 'all desirable', own: spread(5, 2).map(Math.abs), other: spread(6, 2), labels: alternating.map(() => 1) },
  { id: 'all undesirable', own: spread(7, 2).map((x) => -Math.abs(x)), other: spread(8, 2), labels: alternating.map(() => -1) },
  { id: 'weighed labels', own: spread(9, 2), other: spread(10, 2), labels: [0.5, -2, 1.5, 3, -0.25, -1, 0.75, -1.25] },
  { id: 'one example', own: [1.25], other: [-0.5], labels: [1] },
  { id: 'in parts', own: spread(11, 3), other: spread(12, 3).map((x) => x + 2), labels: alternating, parts: [3, 1, 4] },
]

/** A batch with these log-ratios, as far as the loss reads them. */
export const batchOf = (loss: Pick<AnyLoss, 'needs'>, { id, own, other, labels, parts }: Sides): VectorBatch => {
  const { reference, length, reward } = loss.needs
  const n = own.length
  const lengths = (seed: number): readonly number[] => spread(seed, 1, n).map((x) => 1 + Math.floor(8 * Math.abs(x)))
  /** log π_ref, so low that log π_θ stays below 0 whatever the ratio. */
  const base = (ratios: readonly number[], seed: number): readonly number[] =>
    spread(seed, 4, n).map((x, i) => Math.min(-5, -5 - rounded(ratios[i]!)) + Math.min(0, x))
  const completion = (role: EvidenceRole) => {
    const { inputs } = evidenceFields[role]
    const [ratios, seed] = [role === 'unrelated' || role === 'rejected' ? other : own, 21 + roles.indexOf(role)]
    const refs = base(ratios, seed)
    const policy = reward ? ratios : reference ? refs.map((q, i) => q + ratios[i]!) : ratios.map((x) => -Math.abs(x) - 1 / quantum)
    return { [inputs.policy]: policy, ...(reference && { [inputs.reference]: refs }), ...(length && { [inputs.length]: lengths(seed) }) }
  }
  const column = (name: EvidenceColumn): readonly number[] => {
    if (name === 'label') return labels
    const values = spread(24 + columns.indexOf(name), 1, n)
    return 'positive' in evidenceFields[name] ? values.map((x) => 0.125 + Math.abs(x)) : values
  }
  const inputs: Readonly<Record<string, readonly number[]>> = Object.fromEntries([
    ...rolesOf(loss.needs).flatMap((role) => Object.entries(completion(role))),
    ...columnsOf(loss.needs).map((name) => [evidenceFields[name].input, column(name)] as const),
  ])
  return { id, inputs, parts: parts ?? [n] }
}
