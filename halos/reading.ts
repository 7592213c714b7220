/**
 * How a loss reads the tokens of completions, where it does not take the sum of their log-probabilities. What it then computes of completions
 * is the loss that is proved; what is proved of the reading is that no token counts against itself.
 *
 *     log π(y|x) = Σ_t log π(y_t|·)        but for humanline  Σ_t clamp(ρ_t),  for LD-DPO  Σ_{t ≤ n} log π(y_t|·) + α Σ_{t > n} log π(y_t|·)
 */
import type { Tensor } from '../core/index.ts'
import type { Completion, EvidenceRole } from './evidence.ts'
import type { DeclaredSettings, ScalarText } from './parameters.ts'

/** The log-probabilities of the tokens of completions, under two models. */
export interface TokenRatios {
  /** log π_θ of every token. */
  readonly policy: Tensor<'example' | 'token'>
  /** log π_ref of every token. */
  readonly reference: Tensor<'example' | 'token'>
  /** 1 for the tokens of the completion, which stand together; 0 for padding. */
  readonly mask: Tensor<'example' | 'token'>
}

/** Tokens, or completions, by whose they are. */
export type Roles<T> = { readonly [R in EvidenceRole]?: T }

/** A reading of tokens. */
export interface TokenReading {
  /** In words: 'tokens, each log-ratio clamped to [−1, 1.5]'. */
  readonly text: string
  readonly latex: string
  /** What a token adds to log π, as a function of its own log-ratio: it never falls, which is proved. Where it is flat, in words. */
  readonly added: { readonly text: ScalarText; readonly parameters: DeclaredSettings; readonly flat?: string }
  /** The completions that these tokens are read as. Those of all roles that are there. */
  readonly read: (tokens: Roles<TokenRatios>) => Roles<Completion>
}
