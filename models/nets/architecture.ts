/**
 * A decoder-only transformer as data: which tensors a checkpoint names, and what is computed with them. A family makes one of its configuration;
 * `decoder.ts` builds and runs it.
 *
 *     pre-norm     y = x + s · after(attention(before(x)));    z = y + s · after(mlp(before(y)))
 *     parallel     z = x + s · attention(before(x)) + s · mlp(before(x))
 *     post-norm    y = onSum(x + attention(x));                z = onSum(y + mlp(y))
 *
 * All names but those of the whole model are relative to their layer.
 */
import type { Activation } from './config.ts'
import type { Normalization, ScoreSpec } from './layers.ts'
import type { Rope } from './rope.ts'

export interface NormSpec extends Normalization {
  readonly name: string
  /** Which parameters it has. Default: both for `layer`, a gain for `rms`. */
  readonly gain?: boolean
  readonly bias?: boolean | undefined
}
/** Of queries or keys: over the coordinates of each head, one gain for all heads (`shared`) or for each (`each`, a tensor a head); or over all heads (`whole`). */
export interface HeadNormSpec extends NormSpec {
  readonly over: 'shared' | 'each' | 'whole'
}

export interface LinearSpec {
  readonly name: string
  readonly bias?: boolean | undefined
  /** Stored [input, output], as GPT-2's Conv1D; otherwise [output, input]. */
  readonly transposed?: boolean
  /** One tensor holds query, key and value (or gate and up): one after the other (`blocks`), or so within each head (`heads`). */
  readonly fused?: 'blocks' | 'heads'
}

interface Branch {
  readonly before?: NormSpec | undefined
  readonly after?: NormSpec | undefined
  readonly onSum?: NormSpec | undefined
}
export interface AttentionSpec extends Branch, ScoreSpec {
  readonly query: LinearSpec
  readonly key: LinearSpec
  readonly value: LinearSpec
  readonly out: LinearSpec
  readonly queryNorm?: HeadNormSpec | undefined
  readonly keyNorm?: HeadNormSpec | undefined
  /** How queries and keys rotate; absent: not at all. */
  readonly rope?: Rope | undefined
}
/** down(f(up x)); with a gate down(f(gate x) · up x), Shazeer (2020), arXiv:2002.05202. */
export interface FeedForwardSpec extends Branch {
  readonly gate?: LinearSpec | undefined
  readonly up: LinearSpec
  readonly down: LinearSpec
  readonly activation: Activation
}
export interface LayerSpec {
  /** What its tensors' names begin with: `model.layers.0`. */
  readonly name: string
  readonly attention: AttentionSpec
  readonly feedForward: FeedForwardSpec
  /** Attention and feed-forward read the same stream: each through a norm of its own, or both through the attention's. */
  readonly parallel?: 'own' | 'shared' | undefined
  /** s. Default: 1. */
  readonly residualScale?: number | undefined
}

export interface Architecture {
  /** The embedding. */
  readonly token: string
  readonly embeddingScale?: number | undefined
  /** A table of learned positions, whose row p + offset is that of position p. */
  readonly position?: { readonly name: string; readonly offset: number } | undefined
  /** Matrices from embeddings of another width to the stream, and back. */
  readonly project?: { readonly into: string; readonly out: string; readonly size: number }
  /** Whether the heads of queries and keys are laid out as halves of pairs, as RoPE needs them. */
  readonly rotary: boolean
  readonly layers: readonly LayerSpec[]
  readonly norm?: NormSpec | undefined
  readonly output: {
    readonly name: string
    readonly bias?: boolean | undefined
    /** What logits are multiplied by, before they are capped. */
    readonly scale?: number | undefined
    readonly cap?: number | undefined
  }
}
