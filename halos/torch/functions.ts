/**
 * A loss as two functions of Python, `statistic` and `evaluate`, from the graph that every backend runs: what halograd's own tests prove of
 * the one text holds of the other. Losses need not be composed of parts, so a user's own is written, too.
 */
import { type AnyTensor, reachable, type Tensor } from '../../core/index.ts'
import { clearTraceCache } from '../../core/internal.ts'
import { columns, type EvidenceRole, roles } from '../evidence.ts'
import { type AnyLoss, lossOf, type Outcome, type Statistic } from '../loss.ts'
import { only, symbolic, traced } from '../symbolic.ts'
import { sizes } from './extent.ts'
import { type NamedPair, printGraph } from './graph.ts'
import { TorchError } from './torch-error.ts'

/** Functions of `batch` (and `pooled`), as indented statements. */
export interface TorchFunctions {
  /** The body of `evaluate(batch, pooled)`. */
  readonly evaluate: readonly string[]
  /** The body of `statistic(batch)`, where the loss pools one. */
  readonly statistic?: readonly string[]
  /** The completions that the statistic reads. */
  readonly statisticReads: readonly EvidenceRole[]
  /** No gradient flows through the pooled statistic: it may come from another pass over the model. */
  readonly held: boolean
  /** The loss of an example depends on other examples by more than the statistic: parts of a batch do not add up to the whole. */
  readonly wholeBatch: boolean
}

/**
 * A loss as Python functions of PyTorch, printed from the traced graph.
 * @throws TorchError for a loss that is computed from other operations than primitives, sums, comparisons and slices
 * @example
 * ```ts
 * import { getOrThrow, sft, torchFunctions } from 'halograd/halos'
 * console.log(torchFunctions(getOrThrow(sft())).evaluate[0]) // outcome = batch.outcome
 * ```
 */
export const torchFunctions = (loss: AnyLoss): TorchFunctions => {
  if (loss.tokens !== undefined)
    throw new TorchError(loss.name, 'a loss of whole completions', `one that reads them from their tokens (${loss.tokens.text})`)
  const [first, second] = sizes.map((n) => traceAt(loss, n)) as [Trace, Trace] // there are two sizes
  if (first.outcome.loss !== first.total)
    throw new TorchError(loss.name, 'a loss that is the sum of its terms, as `summed(losses, …terms)` makes it', 'another one')
  const results = resultsOf(first.outcome).map(([name, x], i): NamedPair => ({ name, at: [x, resultsOf(second.outcome)[i]![1]] }))
  const pooled = (['sum', 'count'] as const).flatMap((name): readonly NamedPair[] =>
    first.statistic && second.statistic ? [{ name: `${name}_`, at: [first.statistic[name], second.statistic[name]] }] : [],
  )
  const judged = first.outcome.terms.flatMap(({ numerator, denominator }) => [numerator, denominator])
  const names = first.outcome.terms.map(({ name = loss.name }) => name)
  return {
    evaluate: bodyOf(loss, results, (found) => outcomeText(found, names)),
    ...(pooled.length > 0 && { statistic: bodyOf(loss, pooled, ({ sum_, count_ }) => [`return Statistic(${sum_}, ${count_})`]) }),
    statisticReads: rolesIn(pooled.map(({ at }) => at[0])),
    held: !reachableBy(judged, ({ op }) => op.tag !== 'stop').some(({ op }) => op.tag === 'input' && op.name.startsWith('pooled')),
    wholeBatch: reachable(judged).some((x) => x.op.tag === 'reduce' && rolesIn([x]).length > 0),
  }
}

interface Trace {
  readonly outcome: Outcome
  readonly total: Tensor
  readonly statistic: Statistic | undefined
}
const traceAt = (loss: AnyLoss, n: number): Trace => {
  clearTraceCache() // both traces share nothing, so that their nodes are made in one order
  const outcome = traced(loss, n)
  return { outcome, total: lossOf([outcome]), statistic: loss.statistic?.(only(loss.needs, symbolic(n))) }
}

/** The nodes that these depend on through nodes that pass something on. */
const reachableBy = (roots: readonly AnyTensor[], passes: (x: AnyTensor) => boolean): readonly AnyTensor[] => {
  const seen = new Set(roots)
  for (const x of seen) if (passes(x)) for (const y of x.from) seen.add(y)
  return [...seen]
}
/** The completions of which something is read. */
const rolesIn = (roots: readonly AnyTensor[]): readonly EvidenceRole[] => {
  const read = new Set(reachable(roots).flatMap(({ op }) => (op.tag === 'input' ? [op.name.split('.')[0]!] : [])))
  return roles.filter((role) => read.has(role))
}

/** The results under the names of Python's `Outcome`; those of the terms are numbered. */
const resultsOf = ({ rewards, relativeReward, steepness, z0, kl, losses, terms }: Outcome): readonly (readonly [string, AnyTensor])[] => {
  const named: readonly (readonly [string, AnyTensor | undefined])[] = [
    ...([['rewards', rewards.outcome] as const, ['chosen_rewards', rewards.chosen] as const] as const),
    ...([['rejected_rewards', rewards.rejected] as const, ['z0', z0] as const, ['kl', kl] as const] as const),
    ...([['relative_reward', relativeReward] as const, ['steepness', steepness] as const, ['losses', losses] as const] as const),
    ...terms.flatMap(({ numerator, denominator }, k) => [
      [`numerator_${k}`, numerator] as const,
      [`denominator_${k}`, denominator] as const,
    ]),
  ]
  return named.flatMap(([name, x]) => (x === undefined ? [] : [[name, x] as const]))
}

type TorchResults = Readonly<Record<string, string>>
/** `return Outcome(…)`, one field a line. */
const outcomeText = (results: TorchResults, terms: readonly string[]): readonly string[] => {
  const fields = ['rewards', 'chosen_rewards', 'rejected_rewards', 'relative_reward', 'steepness', 'z0', 'kl'].filter(
    (name) => results[name] !== undefined,
  )
  const each = terms.map((name, k) => `Term(${JSON.stringify(name)}, ${results[`numerator_${k}`]}, ${results[`denominator_${k}`]})`)
  return [
    'return Outcome(',
    `    losses=${results.losses},`,
    ...(each.length === 1 ? [`    terms=(${each[0]},),`] : ['    terms=(', ...each.map((term) => `        ${term},`), '    ),']),
    ...fields.map((name) => `    ${name}=${results[name]},`),
    ')',
  ]
}

/** Statements, after those that take the batch apart. */
const bodyOf = (loss: AnyLoss, outputs: readonly NamedPair[], ending: (results: TorchResults) => readonly string[]): readonly string[] => {
  const [first = 'outcome'] = rolesIn(outputs.map(({ at }) => at[0]))
  const like = `${first}.policy`
  const { lines, results } = printGraph(loss.name, outputs, like)
  const body = [...lines, ...ending(results)]
  const uses = (word: RegExp): boolean => body.some((line) => word.test(line))
  const evidence = [...roles, ...columns].filter((name) => uses(new RegExp(`\\b${name}\\b(?!_)`)) || name === first)
  return [
    ...(evidence.length === 1 ? [`${first} = batch.${first}`] : evidence.map((name) => `${name} = batch.${name}`)),
    ...(uses(/\bn\b/) ? [`n = ${like}.shape[0]`] : []),
    ...(uses(/\bdtype\b/) ? [`dtype = ${like}.dtype`] : []),
    ...(uses(/\bnumber\(/) ? [`number = numbers_like(${like})`] : []),
    ...body,
  ]
}
