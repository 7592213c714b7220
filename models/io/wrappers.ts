/**
 * Names of tensors without what wrappers put into them when a wrapped module was saved: torch.compile, DDP, FSDP, DeepSpeed, activation checkpointing.
 *
 *     _orig_mod.model.layers.0.…   module.model.layers.0.…   model.layers.0._fsdp_wrapped_module.…   →   model.layers.0.…
 */
import { renamed, type StoredTensor } from './safetensors.ts'

/** Never part of a name otherwise, wherever they stand. */
const inserted = /(?<=^|\.)(_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module|_forward_module)\./g
/** What DDP puts before every name. */
const before = 'module.'

export const unwrapped = (weights: ReadonlyMap<string, StoredTensor>): ReadonlyMap<string, StoredTensor> => {
  const names = [...weights.keys()].map((name) => name.replace(inserted, ''))
  const wrapped = names.length > 0 && names.every((name) => name.startsWith(before))
  const plain = wrapped ? names.map((name) => name.slice(before.length)) : names
  if (new Set(plain).size < plain.length) return weights
  return new Map([...weights.values()].map((tensor, i) => [plain[i]!, renamed(tensor, plain[i]!)]))
}
