/** Weights to the file system: one safetensors file, whole or not at all. */
import { writeAtomically } from './files.ts'
import { formatSafetensors, type StoredTensor } from './safetensors.ts'
import { metadata } from './weights.ts'

/**
 * Writes tensors atomically as one safetensors file, as F32.
 * @throws CheckpointError when two have one name or a shape does not fit its data; FileError
 * @example
 * ```ts
 * import { type StoredTensor, writeWeights } from 'halograd/models'
 * export const save = (tensors: readonly StoredTensor[]) => writeWeights('model.safetensors', tensors)
 * ```
 */
export const writeWeights = async (file: string, tensors: readonly StoredTensor[]): Promise<void> =>
  writeAtomically(file, formatSafetensors(tensors, metadata))
