/** Real checkpoints: the text that llama2.c publishes for stories260K, its two forms, and minGPT's sorting model, activation by activation. */
import { deepEqual, match } from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import test from 'node:test'
import * as core from '../../core/index.ts'
import { add, softmax, type Tensor, take, tensor } from '../../core/index.ts'
import {
  fromWeights,
  generator,
  loadTokenizer,
  type ModelConfig,
  parseConfig,
  readWeights,
  toWeights,
  transformer,
} from '../../models/index.ts'
import { architectureOf, geluTanh, layer, normalize, parseLlama2c, type ResidualStream, whole } from '../../models/internal.ts'
import { shared, whenShared } from '../shared.ts'
import { readSort, sortConfig, sortWeights } from './gpt-nano-sort.ts'
import { backend, close, numbers, tokens } from './tiny.ts'

const stories = 'models/stories260K-hf'
const storiesConfig = async (): Promise<ModelConfig> => parseConfig(JSON.parse(await readFile(`${shared(stories)}/config.json`, 'utf8')))

test("stories260K continues as llama2.c's published sample", whenShared(stories), async () => {
  const config = await storiesConfig()
  const parameters = fromWeights(config, await readWeights(shared(stories)!))
  const tokenizer = await loadTokenizer(shared(stories)!)
  const prompt = tokenizer.encode('Once upon a time', { bos: true })
  const [{ tokens } = { tokens: [] }] = await generator(backend, transformer(config))(parameters, [prompt], {
    maxTokens: 70,
    temperature: 0,
  })
  match(
    tokenizer.decode([...prompt, ...tokens]),
    /^Once upon a time, there was a little girl named Lily\. She loved to play outside in the park\. One day, she saw a big, red ball\. She wanted to play with it, but it was too high\./,
  )
})

test(
  'the forms of stories260K, with interleaved and with half rotation, are one model',
  whenShared(stories, 'models/stories260K'),
  async () => {
    const file = shared('models/stories260K/stories260K.bin')!
    const other = parseLlama2c(await readFile(file), file)
    const config = await storiesConfig()
    deepEqual([config.rotation, other.config.rotation], ['half', 'interleaved'])
    const text = tokens([[1, 403, 407, 261, 378, 9, 120]])
    const half = transformer(config).logits(fromWeights(config, await readWeights(shared(stories)!)), text)
    const named = new Map(other.tensors.map((tensor) => [tensor.name, tensor]))
    const interleaved = transformer(other.config).logits(fromWeights(other.config, named), text)
    close(await numbers(interleaved), await numbers(half), 1e-12)
  },
)

test('weights written are the weights read', whenShared(stories), async () => {
  const config = await storiesConfig()
  const weights = await readWeights(shared(stories)!)
  const written = await toWeights(backend, config, fromWeights(config, weights))
  deepEqual(new Map(written.map((tensor) => [tensor.name, tensor])), weights)
})

test("gpt-nano-sort: every activation is minGPT's", whenShared('models/gpt-nano-sort'), async () => {
  const partial = await readSort('t0-partials')
  const parameters = fromWeights(sortConfig, await sortWeights())
  const architecture = architectureOf(sortConfig)
  const norm = { kind: 'layer', epsilon: sortConfig.normEpsilon } as const

  const index = partial('idx')
  const [batch = 0, seq = 0] = index.shape
  const text = tensor({ batch, seq }, index.data)
  const same = async <A extends string>(name: string, x: Tensor<A>, ...order: readonly A[]) => {
    const { data } = partial(name)
    const values = await core.read(backend, x, ...order)
    close([...values], [...data], 2e-5, name)
  }
  const stream = ['batch', 'seq', 'embed'] as const
  const pass = whole(seq)
  let x: ResidualStream = add(take(parameters.token, 'vocab', text), pass.place(parameters.position!, 0))
  await same('x', x, ...stream)
  const first = parameters.blocks[0]!
  await same('ln1', normalize(x, first.attention.norm!, norm, 'embed'), ...stream)
  for (const [i, block] of parameters.blocks.entries()) {
    const [y, { keys, values }] = layer(architecture.layers[i]!, block, x, pass)
    if (i === 0) {
      await same('k', keys, 'batch', 'head', 'past', 'key')
      await same('v', values, 'batch', 'head', 'past', 'key')
    }
    await same(`block${i}`, y, ...stream)
    x = y
  }
  await same('ln_f', normalize(x, parameters.norm!, norm, 'embed'), ...stream)
  const logits = transformer(sortConfig).logits(parameters, text)
  await same('lm_head', logits, 'batch', 'seq', 'vocab')
  await same('probs', softmax(logits, 'vocab'), 'batch', 'seq', 'vocab')
  const hidden = partial('fc')
  close(await numbers(geluTanh(tensor({ all: hidden.data.length }, hidden.data))), [...partial('gelu').data], 1e-6, 'gelu')
})
