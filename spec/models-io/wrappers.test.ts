/** Wrappers of a module leave their names in those of tensors: a checkpoint with them is the same model. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unwrapped } from '../../models/io/wrappers.ts'

const names = ['model.embed_tokens.weight', 'model.layers.0.mlp.gate_proj.weight']
const weightsOf = (all: readonly string[]) =>
  new Map(all.map((name) => [name, { name, dtype: 'F32' as const, shape: [1], data: new Float32Array(1) }]))
const of = (all: readonly string[]): readonly string[] => {
  const weights = unwrapped(weightsOf(all))
  assert.deepEqual(
    [...weights.values()].map(({ name }) => name),
    [...weights.keys()],
  )
  return [...weights.keys()]
}

test('names lose what torch.compile, DDP, FSDP and DeepSpeed put into them', () => {
  for (const prefix of ['', '_orig_mod.', 'module.', 'module._orig_mod.', '_forward_module.', '_orig_mod.module.'])
    assert.deepEqual(of(names.map((name) => prefix + name)), names)
  assert.deepEqual(of(['model.layers.0._fsdp_wrapped_module._checkpoint_wrapped_module.mlp.weight']), ['model.layers.0.mlp.weight'])
})
test('names that only look like it stay', () => {
  assert.deepEqual(of(['module.a', 'b']), ['module.a', 'b'])
  assert.deepEqual(of(['my_orig_mod.a']), ['my_orig_mod.a'])
  assert.deepEqual(of(['_orig_mod.a', 'a']), ['_orig_mod.a', 'a'])
})
