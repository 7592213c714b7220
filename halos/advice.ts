/**
 * Which loss suits which data: what a loss learns from follows from its evidence; what it is good at, its family says (`suits`).
 *
 *     thumbs up and down → kto, …     thumbs-down alone → npo, …     pairs → dpo, …     pairs with scores → odpo, …
 */
import type { Needs } from './evidence.ts'

/** What people must have said, in words. */
export const learnsFrom = ({ pair, label, margin, reward, value, control }: Needs): string =>
  pair
    ? `pairs${margin ? ' with scores' : ''}${reward ? ', of a reward model' : ''}`
    : label
      ? `labels${value ? ', with a value head' : control ? ', told by a control token' : ''}`
      : 'demonstrations'

/** Where to start, by the data that there are: read from above, the first line that fits. */
export const advice: readonly (readonly [data: string, losses: string])[] = [
  ['thumbs up and down', 'kto; without a reference model kto-surprisal; with noisy thumbs bco or una'],
  ['thumbs-down alone', 'npo; without a reference model simnpo'],
  ['pairs', 'dpo; noisy ones robust-dpo or dr-dpo; differing little dpop; the chosen longer r-dpo or dpo-norm'],
  ['pairs, no reference model', 'simpo for long answers, repo, simper (nothing to tune), orpo without a stage of SFT before'],
  ['pairs with scores', 'odpo; round after round rebel or sppo'],
  ['rewards of sampled answers', 'grpo, gspo, ppo-clip, sapo, cispo: labels that are advantages'],
  ['answers to imitate', 'sft'],
]
