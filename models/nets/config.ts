/**
 * What a transformer is, in numbers: one `ModelConfig` for every family. What a family always does is written in its file (`families/*.ts`); what its
 * checkpoints may vary is a field here, and absent where it is as in Llama.
 */

/** Which coordinates of a head RoPE rotates together: i and i + headSize/2 (`half`, Hugging Face), or 2i and 2i + 1 (`interleaved`, llama2.c). */
export type Rotation = 'half' | 'interleaved'

/** `geluTanh` is GPT-2's own approximation (`gelu_new`); `gelu` is the exact x·Φ(x). */
export type Activation = 'silu' | 'gelu' | 'geluTanh' | 'relu'

/** How the frequencies of RoPE are scaled for long contexts; `rope.ts` has the formulas. `original` is the context before the scaling, in tokens. */
export type RopeScaling =
  | { readonly type: 'linear' | 'dynamic'; readonly factor: number }
  | { readonly type: 'llama3'; readonly factor: number; readonly low: number; readonly high: number; readonly original: number }
  | {
      readonly type: 'yarn'
      readonly factor: number
      readonly original: number
      readonly betaFast: number
      readonly betaSlow: number
      readonly truncate: boolean
      /** What cosines and sines are multiplied by. */
      readonly attention: number
    }
  | {
      readonly type: 'longrope'
      readonly short: readonly number[]
      readonly long: readonly number[]
      readonly original: number
      readonly attention: number
    }

/** The architecture of a model: sizes are numbers of entries, `context` is in tokens. `parseConfig` reads one from config.json. */
export interface ModelConfig {
  /** The key of a family: Hugging Face's `model_type`. */
  readonly family: string
  /** Number of tokens in the vocabulary. */
  readonly vocab: number
  /** The longest sequence, in tokens. */
  readonly context: number
  /** Width of the residual stream. */
  readonly embed: number
  readonly layers: number
  /** Query heads. */
  readonly heads: number
  /** Key and value heads; each serves `heads / keyValueHeads` query heads. Equal to `heads` in GPT-2. */
  readonly keyValueHeads: number
  readonly headSize: number
  /** Width of the feed-forward layer. */
  readonly hidden: number
  readonly activation: Activation
  readonly normEpsilon: number
  /** RoPE's base. Families with learned positions read neither this nor `rotation`. */
  readonly ropeTheta: number
  readonly rotation: Rotation
  /** Whether the output layer is the embedding, transposed. */
  readonly tied: boolean
  /** Token that begins a text, and token that ends one. */
  readonly bos?: number
  readonly eos?: number
  /** Tokens that end an answer, `eos` among them, where there are several (the end of a text, the end of a turn). */
  readonly stop?: readonly number[]
  /** Ids that are no token of the tokenizer (the vocabulary is padded): they are never drawn. Not part of `config.json`. */
  readonly gaps?: readonly number[]

  /** Biases of the attention's projections, where the family leaves them to the checkpoint. */
  readonly attentionBias?: boolean
  /** Biases of the feed-forward layer, likewise. */
  readonly feedForwardBias?: boolean
  readonly rope?: RopeScaling
  /** Coordinates of a head that RoPE rotates, the first ones. Default: all. */
  readonly rotated?: number
  /** RoPE's base in layers with a window, where it is another (Gemma 3). */
  readonly localTheta?: number
  /** Layers, from 0, that do not rotate (SmolLM3). */
  readonly unrotated?: readonly number[]
  /** The window of each layer: a token sees that many tokens, itself included; null: all before it. Default: null in every layer. */
  readonly windows?: readonly (number | null)[]
  /** Queries and keys are normalized, where the family leaves that to the checkpoint (Phi, StableLM). */
  readonly queryKeyNorm?: boolean
  /** Attention and feed-forward read the same stream, and are added together (GPT-NeoX, StableLM). */
  readonly parallel?: boolean
  /** What scores are multiplied by. Default: 1 / √headSize, or what the family says. */
  readonly attentionScale?: number
  /** Scores are divided by the number of the layer, from 1 (GPT-2). */
  readonly layerScaled?: boolean
  /** Scores s become c · tanh(s / c) (Gemma 2); and logits. */
  readonly attentionCap?: number
  readonly logitCap?: number
  /** What embeddings, each branch before it is added, and logits are multiplied by (Granite). Default: 1. */
  readonly embeddingScale?: number
  readonly residualScale?: number
  readonly logitScale?: number
  /** Width of the embeddings, where it is not that of the stream (OPT). */
  readonly wordSize?: number
  /** Norms come after their branch was added, not before the branch (OPT). */
  readonly postNorm?: boolean
  /** false: norms have no parameters (OPT). */
  readonly affine?: boolean
  /** false: there is no norm after the last layer (OPT). */
  readonly finalNorm?: boolean
}

/** What the numbers of a model are: logits of the next token, or the reward of a text. */
export type Purpose = 'text' | 'reward'
