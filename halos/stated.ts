/**
 * Losses that are not human-aware, stated as what they are: trainable like any other, with the reason why no declaration exists.
 *
 * Two lemmas refute every declaration at once. With Q's support held fixed,
 *   (slopes)        a HALO is monotone in log π_θ(y|x): two points with slopes of opposite sign refute it;
 *   (separability)  a HALO of pairs is F(g(r_w) − h(r_l)), so that ∂_w f/∂_l f = −g′(r_w)/h′(r_l) is a product of a function of r_w
 *                   and one of r_l: four points at which its cross ratio is not 1 refute it.
 */
import { either as E } from 'fp-ts'
import { type Binary, binary, constant, mean, size, type Tensor } from '../core/index.ts'
import type { Completion, Evidence, Part } from './evidence.ts'
import type { Checked } from './flaw.ts'
import type { Loss } from './loss.ts'
import { type Reward, rewardOf } from './reward.ts'
import type { Source } from './source.ts'

export interface Because {
  readonly reason: string
  /** (own, other) ↦ loss, where one of the lemmas refutes it: `verify` finds the points. */
  readonly body?: Binary
  /** What `own` and `other` are; by default, the rewards of a pair. */
  readonly arguments?: readonly [own: string, other: string]
}

/** A loss without a declaration, and why there is none. */
export interface Stated<in E> extends Loss<E> {
  readonly because: Because
  /** The reward that `because.body` is a function of, where it is one of the vocabulary. */
  readonly of?: Reward
}

/** A formula in the scalar language of two rewards. (Says the type where the type checker cannot infer it.) */
export const formula = (body: Binary): Binary => body

/** A loss of pairs, written as a function of their two rewards. One of the lemmas must refute it. */
export const pairwise = <P extends Part>(statement: {
  readonly name: string
  readonly source: Source
  readonly reward: Checked<Reward<P>>
  readonly body: Binary
  readonly because?: string
}): Checked<Stated<Evidence<P, 'pair'>>> =>
  E.map((reward: Reward<P>): Stated<Evidence<P, 'pair'>> => {
    const { name, source, body, because = 'not monotone in log π: it turns back beyond a margin' } = statement
    const [r, f] = [rewardOf(reward), binary(body)]
    return {
      name,
      source,
      because: { reason: because, body },
      of: reward,
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
