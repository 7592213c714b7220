/**
 * From scored answers to what a loss learns from: labels, pairs, or advantages that are normalised within the answers r₁ … r_k to one prompt.
 *
 *     threshold    desirable where r > τ, undesirable where r < τ         best-worst   the best desirable, the worst undesirable; or the pair of them
 *     grpo         (rᵢ − mean r) / (std r + 10⁻⁴)        dr-grpo   rᵢ − mean r        rloo   rᵢ − mean of the others
 *
 * GRPO: Shao et al. (2024), arXiv:2402.03300. Dr. GRPO: Liu et al. (2025), arXiv:2503.20783. RLOO: Ahmadian et al. (2024), arXiv:2402.14740.
 */
import type { Needs } from '../../halos/index.ts'
import type { Example, TrainingExample } from '../../models/index.ts'
import { average } from '../terminal/statistics.ts'

/** Answers to one prompt, with their scores; `undefined` where there is no verdict. */
export interface ScoredGroup {
  readonly answers: readonly Example[]
  readonly scores: readonly (number | undefined)[]
}

export const advantages = ['grpo', 'dr-grpo', 'rloo'] as const
export type AdvantageKind = (typeof advantages)[number]

export type Labelling =
  /** `undefined`: the mean of all scores. */
  | { readonly tag: 'threshold'; readonly threshold?: number }
  | { readonly tag: 'best-worst' }
  | { readonly tag: 'advantage'; readonly kind: AdvantageKind }

interface ScoredAnswer {
  readonly outcome: Example
  readonly score: number
}

/** The examples of one round. Answers without a verdict, and prompts whose answers are all alike, teach nothing. */
export const examplesOf = (
  groups: readonly ScoredGroup[],
  needs: Pick<Needs, 'pair'>,
  labelling: Labelling,
): readonly TrainingExample[] => {
  const judged = groups.map(judgedIn)
  if (needs.pair)
    return judged.flatMap((group) => {
      const ends = endsOf(group)
      return ends === undefined
        ? []
        : [{ chosen: ends.best.outcome, rejected: ends.worst.outcome, margin: ends.best.score - ends.worst.score }]
    })
  switch (labelling.tag) {
    case 'threshold': {
      const threshold = labelling.threshold ?? average(judged.flat().map(({ score }) => score))
      return judged
        .flat()
        .filter(({ score }) => score !== threshold)
        .map(({ outcome, score }) => ({ outcome, label: score > threshold }))
    }
    case 'best-worst':
      return judged.flatMap((group) => {
        const ends = endsOf(group)
        return ends === undefined
          ? []
          : [
              { outcome: ends.best.outcome, label: true },
              { outcome: ends.worst.outcome, label: false },
            ]
      })
    case 'advantage':
      return judged.flatMap((group) => {
        const finite = group.filter(({ score }) => Number.isFinite(score))
        const values = advantagesOf(
          finite.map(({ score }) => score),
          labelling.kind,
        )
        return finite.map(({ outcome }, i) => ({ outcome, label: values[i]! }))
      })
  }
}

/** Of answers to one prompt. One answer alone has none to compare with: 0. */
export const advantagesOf = (scores: readonly number[], kind: AdvantageKind): readonly number[] => {
  if (scores.length < 2) return scores.map(() => 0)
  const mean = average(scores)
  const k = scores.length
  if (kind === 'dr-grpo') return scores.map((score) => score - mean)
  if (kind === 'rloo') return scores.map((score) => score - (k * mean - score) / (k - 1))
  const deviation = Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / (k - 1))
  return scores.map((score) => (score - mean) / (deviation + 1e-4))
}

const judgedIn = ({ answers, scores }: ScoredGroup): readonly ScoredAnswer[] =>
  answers.flatMap((outcome, i) => {
    const score = scores[i]
    return score === undefined || outcome.completion.length === 0 ? [] : [{ outcome, score }]
  })

/** The first of the best and the first of the worst, where they differ. */
const endsOf = (group: readonly ScoredAnswer[]): { readonly best: ScoredAnswer; readonly worst: ScoredAnswer } | undefined => {
  const [first] = group
  if (first === undefined) return undefined
  const best = group.reduce((most, each) => (each.score > most.score ? each : most), first)
  const worst = group.reduce((least, each) => (each.score < least.score ? each : least), first)
  return best.score > worst.score ? { best, worst } : undefined
}
