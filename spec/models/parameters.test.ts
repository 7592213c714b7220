/** Checkpoints ↔ parameters: both families, both ways, tied and untied; and what does not fit is named with what was expected and found. */
import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import test from 'node:test'
import { CheckpointError, fromWeights, initialize, type StoredTensor, toWeights, type Weights } from '../../models/index.ts'
import { backend, flat, tiny } from './tiny.ts'

const byName = (tensors: readonly StoredTensor[]): Weights => new Map(tensors.map((tensor) => [tensor.name, tensor]))

for (const { name, config } of tiny)
  for (const tied of [true, false])
    test(`${name}, ${tied ? 'tied' : 'untied'}: parameters → checkpoint → parameters is the identity`, async () => {
      const own = { ...config, tied }
      // float32, as checkpoints are
      const parameters = fromWeights(own, byName(await toWeights(backend, own, initialize(own, 2, 0.4))))
      const written = await toWeights(backend, own, parameters)
      deepEqual(await flat(fromWeights(own, byName(written))), await flat(parameters))
      equal(
        written.some((tensor) => tensor.name === 'lm_head.weight'),
        !tied,
      )
      equal(
        written.reduce((n, { data }) => n + data.length, 0),
        (await flat(parameters)).length,
      )
    })

test("GPT-2's query, key and value stand side by side in c_attn, in this order", async () => {
  const { config } = tiny[1]!
  const weights = byName(await toWeights(backend, config, initialize(config, 2)))
  const { embed } = config
  const marked = (column: number): number => Math.floor(column / embed)
  const attention = weights.get('transformer.h.0.attn.c_attn.weight')!
  deepEqual(attention.shape, [embed, 3 * embed])
  const labelled = { ...attention, data: attention.data.map((_, i) => marked(i % (3 * embed))) }
  const parameters = fromWeights(config, new Map([...weights, [labelled.name, labelled]]))
  ok('position' in parameters)
  const { query, key, value } = parameters.blocks[0]!.attention
  deepEqual(
    [new Set(await flat(query.weight)), new Set(await flat(key.weight)), new Set(await flat(value.weight))],
    [new Set([0]), new Set([1]), new Set([2])],
  )
})

test('missing and misshapen tensors are named, all at once; others are left aside', async () => {
  const { config, parameters } = tiny[0]!
  const weights = byName(await toWeights(backend, config, parameters))
  const broken = new Map(weights)
  broken.delete('model.layers.1.self_attn.v_proj.weight')
  broken.set('model.norm.weight', { name: 'model.norm.weight', dtype: 'F32', shape: [4, 2], data: new Float32Array(8) })
  throws(
    () => fromWeights(config, broken, 'm.safetensors'),
    (error) => {
      ok(error instanceof CheckpointError)
      deepEqual(
        error.findings.map(({ file, tensor, expected, found }) => [file, tensor, expected, found]),
        [
          ['m.safetensors', 'model.layers.1.self_attn.v_proj.weight', 'shape [8, 8]', 'no such tensor'],
          ['m.safetensors', 'model.norm.weight', 'shape [8]', 'shape [4, 2]'],
        ],
      )
      return true
    },
  )
  const rotary = { name: 'model.layers.0.self_attn.rotary_emb.inv_freq', dtype: 'F32', shape: [2], data: new Float32Array(2) } as const
  deepEqual(await flat(fromWeights(config, new Map([...weights, [rotary.name, rotary]]))), await flat(fromWeights(config, weights)))
})

test('names without the name of the base model are read, too: `wte.weight`, as gpt2 itself is stored', async () => {
  for (const { config, parameters } of tiny) {
    const bare = (await toWeights(backend, config, parameters)).map((t) => ({ ...t, name: t.name.replace(/^(model|transformer)\./, '') }))
    deepEqual(await flat(fromWeights(config, byName(bare))), (await flat(parameters)).map(Math.fround))
  }
})
