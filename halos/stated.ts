/**
 * Losses that are not human-aware, stated as what they are: trainable like any other, with the reason why no declaration exists.
 * The reason is for people to read; the witness that proves it is found by `verify`, in what the loss computes (refute.ts).
 */
import { either as E } from 'fp-ts'
import { type Binary, binary, type Tensor } from '../core/index.ts'
import { type Completion, type CompletionPart, type Evidence, needing } from './evidence.ts'
import { type AnyLoss, type Loss, meanOf } from './loss.ts'
import { type Reward, rewardOf } from './reward.ts'
import type { TextSource } from './source.ts'
import { type Checked, checked, valid } from './validation.ts'

/** A loss without a declaration, and why there is none. */
export interface Stated<in E> extends Loss<E> {
  readonly because: string
  /** The scalar text that it runs, where that is one: to be printed, and drawn. */
  readonly formula?: Formula
  /** The whole loss in LaTeX, where it is no mean of a formula. */
  readonly latex?: string
  /** What it is a weighted sum of. */
  readonly terms?: Terms
}
export type Terms = readonly (readonly [weight: number, loss: AnyLoss])[]
export interface Formula {
  readonly body: Binary
  /** What the body's arguments are, in LaTeX. */
  readonly of: readonly [string, string]
  /** The reward that both arguments are: of the chosen, and of the rejected completion. */
  readonly reward?: Reward
  /** What multiplies the body, in LaTeX: the advantage. */
  readonly times?: string
  /** What the loss is divided by, in LaTeX, where it is Σ body / Σ of that instead of a mean over examples. */
  readonly per?: string
}

/** A body in two arguments. (Says the type where the type checker cannot infer it.) */
export const formula = (body: Binary): Binary => body

/** A loss of pairs, written as a function of their two rewards. One of the lemmas must refute it. */
export const pairwise = <P extends CompletionPart>(statement: {
  readonly name: string
  readonly source: TextSource
  readonly reward: Checked<Reward<P>>
  /** The settings that the body is made with. */
  readonly given?: Checked<unknown>
  readonly body: Binary
  readonly because: string
}): Checked<Stated<Evidence<P, 'pair'>>> =>
  E.map(({ reward }: { readonly reward: Reward<P> }): Stated<Evidence<P, 'pair'>> => {
    const { name, source, body, because } = statement
    const [r, f] = [rewardOf(reward), binary(body)]
    return {
      ...{ name, source, because },
      formula: { body, of: ['r_w', 'r_l'], reward },
      needs: needing('pair', ...reward.reads),
      evaluate: (evidence) => {
        // The evidence has what the reward reads, by its type.
        const [chosen, rejected] = [r(evidence.chosen as Completion), r(evidence.rejected as Completion)]
        return { ...meanOf(f(chosen, rejected) as Tensor<'example'>), rewards: { chosen, rejected } }
      },
    }
  })(checked({ reward: statement.reward, given: statement.given ?? valid({}) }))
