/** How verdicts become what a loss learns from, by the loss and by the options. */
import type { AnyLoss } from '../../halos/index.ts'
import { UsageError } from '../terminal/errors.ts'
import type { AdvantageKind, Labelling } from './labels.ts'

/** Losses whose labels are advantages: policy gradients, by the beginning of their names. */
const ofAdvantages = /^(GRPO|GSPO|Dr\. GRPO|DAPO|BNPO|PPO|SAPO|CISPO|VESPO|LUSPO|GMPO)/i

export interface LabellingChoice {
  readonly label: 'threshold' | 'best-worst'
  readonly threshold?: number
  readonly advantage?: AdvantageKind
  readonly answers: number
}

/** @throws UsageError for a loss that learns from neither labels nor pairs, and for options that contradict it */
export const labellingOf = ({ name, needs }: AnyLoss, { label, threshold, advantage, answers }: LabellingChoice): Labelling => {
  if (needs.reward || (!needs.pair && !needs.label))
    throw new UsageError(
      `rounds: ${name} learns from ${needs.reward ? 'a reward model' : 'demonstrations'}, and verdicts give labels and pairs: use kto, dpo or grpo`,
    )
  if (advantage !== undefined && needs.pair) throw new UsageError(`--advantage: ${name} learns from pairs; use grpo, gspo or ppo-clip`)
  const relative = needs.pair || label === 'best-worst' || advantage !== undefined || ofAdvantages.test(name)
  if (relative && answers < 2) throw new UsageError(`--answers ${answers}: ${name} compares answers to one prompt; ask for at least 2`)
  if (!needs.pair && (advantage !== undefined || ofAdvantages.test(name))) return { tag: 'advantage', kind: advantage ?? 'grpo' }
  if (label === 'best-worst' || needs.pair) return { tag: 'best-worst' }
  return { tag: 'threshold', ...(threshold !== undefined && { threshold }) }
}
