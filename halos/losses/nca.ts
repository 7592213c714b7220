/**
 * Noise contrastive alignment over K answers of a prompt, each as likely as its score says: an answer at a time, by its share. Not a HALO: it is
 * least where σ(r) is K a/(K a + 1).
 *
 *     L = mean −K a log σ(r) − log σ(−r),   r = β u,   a = softmax(R/α) over the K answers
 *
 * The mean over answers is the paper's mean over prompts, which adds up the K of each. Two answers, a = (1, 0), are its loss of pairs.
 */
import { either as E } from 'fp-ts'
import { binary, type Tensor } from '../../core/index.ts'
import { type Everything, type Evidence, needing } from '../evidence.ts'
import { family } from '../family.ts'
import { meanOf } from '../loss.ts'
import { logRatio, type Reward, rewardOf } from '../reward.ts'
import { nca as source } from '../sources.ts'
import { formula, type Stated } from '../stated.ts'

type SharedAnswer = Pick<Evidence<'policy' | 'reference', 'judged'>, 'outcome'> & Pick<Everything, 'share'>

const cost = formula((S) => (r, share) => S.add(S.mul(share, S.softplus(S.mul(S.of(-1), r))), S.softplus(r)))

const stated = (reward: Reward<'policy' | 'reference'>): Stated<SharedAnswer> => {
  const r = rewardOf(reward)
  return {
    kind: 'stated',
    name: 'NCA',
    source: source('the loss of rewards'),
    because: 'not monotone in log π: it rises beyond the log-ratio that the share of the answer implies',
    formula: { body: cost, of: ['r', 'K a'], reward },
    needs: needing('outcome', 'reference', 'share'),
    evaluate: ({ outcome, share }) => {
      const own = r(outcome)
      return { ...meanOf(binary(cost)(own, share!) as Tensor<'example'>), rewards: { outcome: own } } // it is needed
    },
  }
}

export const nca = family('nca', { beta: 0.1 }, ({ beta }) => E.map(stated)(logRatio(beta)), [], 'several answers a prompt, with scores')
