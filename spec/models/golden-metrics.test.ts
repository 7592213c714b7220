/**
 * Metrics against published ones: what TRL's trainers have logged of whole computations, from the same logits. Everything that the training loop reports
 * under one of their names is the same number.
 */
import { deepEqual, ok } from 'node:assert/strict'
import test from 'node:test'
import { read, sub, sum, type Tensor, tensor } from '../../core/index.ts'
import { getOrThrow, kto } from '../../halos/index.ts'
import { dataLoader, type Trainable, type TrainingBatch, type TrainingExample, transformer } from '../../models/index.ts'
import { divide, objective, outputOf, type ScoredTokens, scoresOf, sequencesOf } from '../../models/internal.ts'
import { agree, type GoldenCase, goldenCases, lossesOfLogits } from '../halos/golden.ts'
import { backend, tiny } from './tiny.ts'

/** Metrics of theirs that we do not report, and why. */
const notReported = {
  mean_token_accuracy:
    'how often the likeliest token is the target: it asks for another pass over the vocabulary, and says little beside entropy',
} as const
/** Not of the metrics of a batch: all tokens of a run so far. Tested below. */
const counted = 'num_tokens'

/** LD-DPO weighs tokens before they are summed, and its trainer reports the weighted sums. We have no LD-DPO. */
const absent: readonly string[] = ['trl_main/dpo_logits/ld_alpha_0.5', 'trl_main/dpo_logits/ld_alpha_0']

/**
 * Rewards of theirs are β log π/π_ref, whatever the loss. Ours are r as the loss declares it, which is what it compares, and what its margin and accuracy
 * are about: here they are another function of the log-ratio and the number of tokens. To imitate has none.
 */
const ownRewards: Readonly<Record<string, ((ratio: number, length: number, beta: number) => number) | undefined>> = {
  'trl_main/dpo_logits/ipo': (ratio, length) => ratio / length,
  'trl_main/dpo_logits/sigmoid_norm': (ratio, length, beta) => (beta * ratio) / length,
  'trl_main/dpo_logits/sppo_hard': (ratio) => ratio,
  'trl_main/dpo_logits/js_divergence': (ratio, _, beta) => -beta * Math.log1p(Math.exp(-ratio)),
  'trl_main/dpo_logits/forward_kl': (ratio, _, beta) => -beta * Math.exp(-ratio),
  'trl_main/dpo_logits/sft': undefined,
}

type Rows = readonly (readonly number[])[]
type Logits = readonly Rows[]

/** Rows of a case, as a training step reads them, and a model that gives its logits. */
const stepOf = ({ inputs }: GoldenCase) => {
  const given = new Map<Tensor<'batch' | 'seq'>, Logits>()
  const score = (part: Pick<ScoredTokens, 'tokens' | 'targets' | 'mask'>, logits: Logits) => {
    const vocab = logits[0]![0]!.length
    const stream = tensor({ batch: logits.length, seq: logits[0]!.length, embed: vocab }, logits.flat(2))
    const identity = tensor(
      { vocab, embed: vocab },
      Array.from({ length: vocab ** 2 }, (_, i) => (i % (vocab + 1) === 0 ? 1 : 0)),
    )
    return scoresOf(stream, outputOf({}, { token: identity }), part)
  }
  const part = (from: number, to: number, ids: unknown, mask: unknown, policy: unknown, reference: unknown): ScoredTokens => {
    const some = (x: unknown) => (x as Rows).slice(from, to)
    const [rows, counted] = [some(ids), some(mask)]
    const sequences = sequencesOf({
      batch: rows.length,
      seq: rows[0]!.length,
      tokens: Int32Array.from(rows.flat()),
      mask: Float32Array.from(counted.flat()),
    })
    given.set(sequences.tokens, (policy as Logits).slice(from, to))
    return { ...sequences, reference: score(sequences, (reference as Logits).slice(from, to)).logProbability }
  }
  const {
    input_ids: ids,
    completion_mask: mask,
    policy_logits: policy,
    ref_logits: reference,
    label,
  } = inputs as Readonly<Record<string, unknown>>
  const rows = (ids as Rows).length
  const own = (from: number, to: number) => part(from, to, ids, mask, policy, reference)
  const { KL_input_ids, KL_completion_mask, policy_KL_logits, ref_KL_logits } = inputs as Readonly<Record<string, unknown>>
  const batch: TrainingBatch =
    label === undefined
      ? { chosen: own(0, rows / 2), rejected: own(rows / 2, rows) }
      : {
          outcome: own(0, rows),
          label: tensor(
            { batch: rows },
            (label as readonly (number | boolean)[]).map((desirable) => (desirable ? 1 : -1)),
          ),
          unrelated: part(0, rows, KL_input_ids, KL_completion_mask, policy_KL_logits, ref_KL_logits),
        }
  const model: Trainable<undefined> = { config: tiny[0]!.config, score: (_, sequences) => score(sequences, given.get(sequences.tokens)!) }
  return { batch, model }
}

const numbers = async (x: Tensor<'batch'>): Promise<readonly number[]> => Array.from(await read(backend, x))
const meanOf = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length

/** What is reported of rewards that are a function of a log-ratio and a length. */
const rewardsBy = async (
  of: (ratio: number, length: number) => number,
  { chosen, rejected }: TrainingBatch,
  score: Trainable<undefined>['score'],
) => {
  const side = async (part: ScoredTokens) => {
    const [policy, reference, lengths] = [score(undefined, part).logProbability, part.reference!, sum(part.mask, 'seq')]
    const [ratios, n] = [await numbers(sub(policy, reference)), await numbers(lengths)]
    return ratios.map((ratio, i) => of(ratio, n[i]!))
  }
  const [better, worse] = [await side(chosen!), await side(rejected!)]
  return {
    'rewards/chosen': meanOf(better),
    'rewards/rejected': meanOf(worse),
    'rewards/margins': meanOf(better) - meanOf(worse),
    'rewards/accuracies': meanOf(better.map((r, i) => (r > worse[i]! ? 1 : 0))),
  }
}

for (const [name, make] of Object.entries(lossesOfLogits).filter(([name]) => !absent.includes(name)))
  test(`${name}: metrics`, async () => {
    for (const c of goldenCases('logits', name)) {
      const { batch, model } = stepOf(c)
      const totals: Record<string, { sum: number; count: number }> = {}
      for (const [metric, { sum, count }] of Object.entries(objective(model, make(c.hyper), undefined, batch).metrics))
        totals[metric] = { sum: (await read(backend, sum))[0]!, count: (await read(backend, count))[0]! }
      const ours = divide(totals)
      const own = ownRewards[name]
      const logged = Object.entries(c.outputs.metrics as Readonly<Record<string, number>>).filter(
        ([metric]) => !(metric in notReported) && metric !== counted && !(name in ownRewards && metric.startsWith('rewards/')),
      )
      const expected = {
        ...Object.fromEntries(logged),
        ...(own && (await rewardsBy((ratio, length) => own(ratio, length, Number(c.hyper.beta)), batch, model.score))),
      }
      for (const [metric, value] of Object.entries(expected)) agree(`${c.id} ${metric}`, ours[metric], value)
      const theirs = ['rewards', 'logps', 'logits'].flatMap((kind) => [`${kind}/chosen`, `${kind}/rejected`, `${kind}/margins`])
      deepEqual(
        Object.keys(ours)
          .filter((metric) => theirs.includes(metric))
          .sort(),
        Object.keys(expected)
          .filter((metric) => theirs.includes(metric))
          .sort(),
        'what has no cases is absent in both',
      )
    }
  })

test('num_tokens: the tokens of the examples; those of unrelated completions do not count', async () => {
  const [{ config, parameters } = tiny[0]!] = tiny
  for (const c of goldenCases('logits', 'trl_main/kto_logits/kto')) {
    const [ids, attention, mask] = [c.inputs.input_ids, c.inputs.attention_mask, c.inputs.completion_mask].map((x) => x as unknown as Rows)
    const examples = ids!.map((row, i): TrainingExample => {
      const those = (kept: number) => row.filter((_, t) => attention![i]![t] === 1 && mask![i]![t] === kept)
      return { outcome: { prompt: those(0), completion: those(1) }, label: true }
    })
    const batches = dataLoader(backend, transformer(config), getOrThrow(kto()), parameters, examples, { batch: examples.length })
    const found = (await batches.at(0)).reduce((n, { tokens }) => n + tokens, 0)
    ok(found > 0)
    agree(`${c.id} ${counted}`, found, (c.outputs.metrics as Readonly<Record<string, number>>)[counted])
  }
})
