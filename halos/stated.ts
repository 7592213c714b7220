/**
 * Losses that are not human-aware, stated as what they are: trainable like any other, with the reason why no declaration exists.
 *
 * Refutation lemma: with Q's support held fixed, a HALO is monotone in log π_θ(y|x). Two points with slopes of opposite sign
 * therefore refute every decomposition t(v(r − E_Q r)) at once.
 */
import { either as E } from 'fp-ts'
import { type Binary, binary, constant, mean, size, type Tensor } from '../core/index.ts'
import type { Completion, Evidence, Part } from './evidence.ts'
import type { Checked } from './flaw.ts'
import type { Loss } from './loss.ts'
import { type Reward, rewardOf } from './reward.ts'
import type { Source } from './source.ts'

export type Because =
  /** (own reward, other reward) ↦ loss: it falls and rises with the completion's own reward. `verify` finds where. */
  | { readonly tag: 'not monotone'; readonly body: Binary }
  /** Breaks a condition of the definition as it stands. */
  | {
      readonly tag: 'no reference point' | 'several references' | 'weights that depend on θ' | 'values that differ'
      readonly reason: string
    }

/** A loss without a declaration, and why there is none. */
export interface Stated<in E> extends Loss<E> {
  readonly because: Because
}

/** A formula in the scalar language of two rewards. (Says the type where the type checker cannot infer it.) */
export const formula = (body: Binary): Binary => body

/** A loss of pairs, written as a function of their two rewards. By default it is claimed not to be monotone. */
export const pairwise = <P extends Part>(statement: {
  readonly name: string
  readonly source: Source
  readonly reward: Checked<Reward<P>>
  readonly body: Binary
  readonly because?: Because
}): Checked<Stated<Evidence<P, 'pair'>>> =>
  E.map((reward: Reward<P>): Stated<Evidence<P, 'pair'>> => {
    const { name, source, body, because = { tag: 'not monotone', body } } = statement
    const [r, f] = [rewardOf(reward), binary(body)]
    return {
      name,
      source,
      because,
      needs: {
        ...{ pair: true, outcome: false, label: false, unrelated: false, history: false },
        reference: reward.reads.some((part) => part === 'reference'),
        length: reward.reads.some((part) => part === 'length'),
      },
      evaluate: (evidence) => {
        // The evidence has what the reward reads, by its type.
        const [chosen, rejected] = [r(evidence.chosen as Completion), r(evidence.rejected as Completion)]
        const losses = f(chosen, rejected) as Tensor<'example'>
        return { loss: mean(losses, 'example'), weight: constant(size(losses, 'example')), losses, rewards: { chosen, rejected } }
      },
    }
  })(statement.reward)
