/**
 * Losses that are not human-aware, stated as what they are: trainable like any other, with the reason why no declaration exists.
 * The reason is for people to read; the witness that proves it is found by `verify`, in what the loss computes (refute.ts).
 */
import { either as E } from 'fp-ts'
import { type Binary, binary, type Tensor } from '../core/index.ts'
import { type Completion, type CompletionPart, type Evidence, needing } from './evidence.ts'
import { type AnyLoss, type Loss, meanOf } from './loss.ts'
import { type DeclaredSettings, type PairText, settledPair } from './parameters.ts'
import { type Reward, rewardOf } from './reward.ts'
import type { TextSource } from './source.ts'
import { type Checked, checked, valid } from './validation.ts'

/** A loss without a declaration, with the reason why there is none. It trains like any other; `verify` looks for a refutation. */
export interface Stated<in E> extends Loss<E> {
  readonly kind: 'stated'
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
  /** The body before its settings are given: what is shown of it is shown for ranges of them. */
  readonly text?: PairText
  readonly settings?: DeclaredSettings
  /** What the body's arguments are, in LaTeX. */
  readonly of: readonly [string, string]
  /** The reward that both arguments are: of the chosen, and of the rejected completion. */
  readonly reward?: Reward
  /** What multiplies the body, in LaTeX: the advantage. */
  readonly times?: string
  /** What the loss is divided by, in LaTeX, where it is Σ body / Σ of that instead of a mean over examples. */
  readonly per?: string
}

/**
 * A body of two arguments. It returns what it is given: it only states the type where the compiler cannot infer it.
 * @example
 * ```ts
 * import { numbers } from 'halograd/core'
 * import { formula } from 'halograd/halos'
 * const squared = formula((S) => (w, l) => S.mul(S.sub(w, l), S.sub(w, l)))
 * console.log(squared(numbers)(3, 1)) // 4
 * ```
 */
export const formula = (body: Binary): Binary => body
/** The same for a body with settings. */
export const formulaWith = (body: PairText): PairText => body

/**
 * A loss of pairs that is a formula of their two rewards, and no HALO: the mean of body(r_w, r_l).
 * @param statement its name and source, the reward of both arguments, the body, and why no declaration exists;
 * the body is given `settings` by name
 * @returns the loss, or the errors of its reward and settings
 * @example
 * ```ts
 * import { formula, getOrThrow, logRatio, pairwise, unpublished, verify } from 'halograd/halos'
 * const body = formula((S) => (w, l) => S.mul(S.sub(S.sub(w, l), S.of(1)), S.sub(S.sub(w, l), S.of(1))))
 * const square = pairwise({
 *   ...{ name: 'square', source: unpublished('square'), reward: logRatio(0.1) },
 *   ...{ body, because: 'it rises beyond a difference of 1' },
 * })
 * console.log(verify(getOrThrow(square)).verdict) // not a HALO
 * ```
 */
export const pairwise = <P extends CompletionPart>(statement: {
  readonly name: string
  readonly source: TextSource
  readonly reward: Checked<Reward<P>>
  /** The settings that the body is given by name. */
  readonly settings?: Checked<DeclaredSettings>
  /** Other settings, of which only the errors count. */
  readonly given?: Checked<unknown>
  readonly body: PairText
  readonly because: string
}): Checked<Stated<Evidence<P, 'pair'>>> =>
  E.map(({ reward, settings }: { readonly reward: Reward<P>; readonly settings: DeclaredSettings }): Stated<Evidence<P, 'pair'>> => {
    const { name, source, body: text, because } = statement
    const body = settledPair(text, settings)
    const [r, f] = [rewardOf(reward), binary(body)]
    return {
      ...{ kind: 'stated', name, source, because },
      formula: { body, text, settings, of: ['r_w', 'r_l'], reward },
      needs: needing('pair', ...reward.reads),
      evaluate: (evidence) => {
        // The evidence has what the reward reads, by its type.
        const [chosen, rejected] = [r(evidence.chosen as Completion), r(evidence.rejected as Completion)]
        return { ...meanOf(f(chosen, rejected) as Tensor<'example'>), rewards: { chosen, rejected } }
      },
    }
  })(checked({ reward: statement.reward, settings: statement.settings ?? valid({}), given: statement.given ?? valid({}) }))
