/** A model as the files of a Hugging Face directory, which transformers and everything that understands its layout can read. */

import type { Json } from '../io/fields.ts'
import type { StoredTensor } from '../io/safetensors.ts'
import { type WeightOptions, weightFiles } from '../io/weights.ts'
import type { ModelConfig, Purpose } from '../nets/config.ts'
import { formatConfig } from '../nets/config-json.ts'
import { formatGeneration } from './generation.ts'
import { toHalfRotation } from './llama2c.ts'

/** What `modelFiles` writes besides the configuration and the weights. */
export interface ModelFileOptions extends WeightOptions {
  /** What `generation_config.json` said of the model that this one comes from. */
  readonly generation?: Json
  readonly purpose?: Purpose
}

/**
 * `config.json`, `generation_config.json` and the weights, by name, for `writeDirectoryAtomically`. Files given as `undefined` must not be there.
 * Interleaved rotation, which transformers' Llama does not know, becomes the half rotation that it does: the same model.
 * @param tensors from `toWeights`
 * @throws CheckpointError when two tensors have one name or a shape does not fit its data
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { initialize, modelFiles, parseConfig, toWeights } from 'halograd/models'
 * const config = parseConfig({ model_type: 'gpt2', vocab_size: 24, n_embd: 16, n_layer: 1, n_head: 2, n_positions: 16 })
 * const files = modelFiles(config, await toWeights(reference(), config, initialize(config, 1)), { dtype: 'BF16' })
 * ```
 */
export const modelFiles = (
  config: ModelConfig,
  tensors: readonly StoredTensor[],
  { purpose = 'text', generation, ...options }: ModelFileOptions = {},
): Readonly<Record<string, string | Uint8Array | undefined>> => {
  const model = toHalfRotation({ config, tensors })
  return {
    'config.json': pretty(formatConfig(model.config, options.dtype, purpose)),
    'generation_config.json': pretty(formatGeneration(config, generation)),
    ...weightFiles(model.tensors, options),
  }
}

const pretty = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
