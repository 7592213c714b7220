/** A model as the files of a Hugging Face directory, which transformers and everything that understands its layout can read. */
import { formatConfig, type ModelConfig, type Purpose } from './config.ts'
import { toHalfRotation } from './llama2c.ts'
import type { StoredTensor } from './safetensors.ts'
import { type WeightOptions, weightFiles } from './weights.ts'

/**
 * `config.json`, `generation_config.json` and the weights, by name, for `writeDirectoryAtomically`. Files given as `undefined` must not be there.
 * Interleaved rotation, which transformers' Llama does not know, becomes the half rotation that it does: the same model.
 * @param tensors from `toWeights`
 * @throws CheckpointError when two tensors have one name or a shape does not fit its data
 */
export const modelFiles = (
  config: ModelConfig,
  tensors: readonly StoredTensor[],
  { purpose = 'text', ...options }: WeightOptions & { readonly purpose?: Purpose } = {},
): Readonly<Record<string, string | Uint8Array | undefined>> => {
  const model = toHalfRotation({ config, tensors })
  const { bos, eos } = config
  const generation = { ...(bos === undefined ? {} : { bos_token_id: bos }), ...(eos === undefined ? {} : { eos_token_id: eos }) }
  return {
    'config.json': pretty(formatConfig(model.config, options.dtype, purpose)),
    'generation_config.json': pretty(generation),
    ...weightFiles(model.tensors, options),
  }
}

const pretty = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
