/** llama2.c checkpoints and vocabularies: laid out as run.c reads them, equal to the Hugging Face export bit by bit. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import {
  CheckpointError,
  loadTokenizer,
  parseConfig,
  readBytes,
  readText,
  readWeights,
  tokenizerConfig,
  tokenizerJson,
  tokenizerOf,
} from '../../models/index.ts'
import { parseLlama2c, parseVocabulary, toHalfRotation } from '../../models/internal.ts'
import { shared, whenShared } from '../shared.ts'

const stories = { c: 'models/stories260K/stories260K.bin', vocabulary: 'models/stories260K/tok512.bin', hf: 'models/stories260K-hf' }

/** A llama2.c file of this header whose weights count 0, 1, 2, … */
const fileOf = (header: readonly number[], weights: number): Uint8Array => {
  const bytes = new Uint8Array(28 + 4 * weights)
  new Int32Array(bytes.buffer, 0, 7).set(header)
  new Float32Array(bytes.buffer, 28).set(Float32Array.from({ length: weights }, (_, i) => i))
  return bytes
}

// width 4, hidden 3, one layer, 2 heads of 2, one key-value head, 5 tokens, context 6
const header = [4, 3, 1, 2, 1, 5, 6]
const weights = 20 + 4 + 16 + 8 + 8 + 16 + 4 + 12 + 12 + 12 + 4 + 12

describe('llama2.c checkpoints', () => {
  test('the weights lie where run.c looks for them', () => {
    const { config, tensors } = parseLlama2c(fileOf(header, weights), 'm.bin')
    assert.deepEqual(
      [config.embed, config.hidden, config.layers, config.heads, config.keyValueHeads, config.vocab, config.context],
      [4, 3, 1, 2, 1, 5, 6],
    )
    assert.deepEqual([config.headSize, config.rotation, config.tied, config.bos, config.eos], [2, 'interleaved', true, 1, 2])
    const places = Object.fromEntries(tensors.map(({ name, shape, data }) => [name, [...shape, data[0]]]))
    const layer = 'model.layers.0.'
    assert.deepEqual(places, {
      'model.embed_tokens.weight': [5, 4, 0],
      [`${layer}input_layernorm.weight`]: [4, 20],
      [`${layer}self_attn.q_proj.weight`]: [4, 4, 24],
      [`${layer}self_attn.k_proj.weight`]: [2, 4, 40],
      [`${layer}self_attn.v_proj.weight`]: [2, 4, 48],
      [`${layer}self_attn.o_proj.weight`]: [4, 4, 56],
      [`${layer}post_attention_layernorm.weight`]: [4, 72],
      [`${layer}mlp.gate_proj.weight`]: [3, 4, 76],
      [`${layer}mlp.down_proj.weight`]: [4, 3, 88],
      [`${layer}mlp.up_proj.weight`]: [3, 4, 100],
      'model.norm.weight': [4, 112],
    })
  })

  test('a negative vocabulary announces an output layer of its own', () => {
    const { config, tensors } = parseLlama2c(fileOf(header.with(5, -5), weights + 20), 'm.bin')
    assert.deepEqual([config.vocab, config.tied], [5, false])
    assert.deepEqual([tensors.at(-1)?.name, tensors.at(-1)?.shape, tensors.at(-1)?.data[0]], ['lm_head.weight', [5, 4], weights])
  })

  test('truncated files and nonsense are refused', () => {
    const refused = (bytes: Uint8Array, message: RegExp) =>
      assert.throws(
        () => parseLlama2c(bytes, 'm.bin'),
        (error) => error instanceof CheckpointError && message.test(error.message),
      )
    refused(fileOf(header, weights).subarray(0, 400), new RegExp(`m.bin: expected ${28 + 4 * weights} bytes .* found 400 bytes.*truncated`))
    refused(fileOf(header, weights + 1), /found \d+ bytes/)
    refused(new Uint8Array(20), /expected a header of 28 bytes, found 20 bytes/)
    refused(fileOf([4, 3, 0, 2, 1, 5, 6], weights), /seven counts/)
    refused(fileOf([4, 3, 1, 3, 1, 5, 6], weights), /seven counts/)
    refused(fileOf([0x67676d6c, 3, 1, 2, 1, 5, 6], weights), /seven counts/)
  })

  test('turned to half rotation, stories260K equals its Hugging Face export bit by bit', whenShared(stories.c, stories.hf), async () => {
    const read = parseLlama2c(await readBytes(shared(stories.c)!), 'stories260K.bin')
    const { config, tensors } = toHalfRotation(read)
    assert.deepEqual(config, parseConfig(JSON.parse(await readText(join(shared(stories.hf)!, 'config.json')))))
    assert.deepEqual(new Map(tensors.map((tensor) => [tensor.name, tensor])), await readWeights(shared(stories.hf)!))
    assert.notDeepEqual(read.tensors, tensors)
    assert.deepEqual(toHalfRotation({ config, tensors }), { config, tensors })
  })
})

describe('llama2.c vocabularies', () => {
  /** longest, then score, length and text of each token */
  const vocabulary = (texts: readonly string[]): Uint8Array =>
    Buffer.concat([
      Buffer.from(Int32Array.of(7).buffer),
      ...texts.map((text, i) => {
        const bytes = Buffer.from(text)
        return Buffer.concat([Buffer.from(Float32Array.of(-i).buffer), Buffer.from(Int32Array.of(bytes.length).buffer), bytes])
      }),
    ])

  test('tokens and scores are read, and a file that ends within a token is refused', () => {
    const bytes = vocabulary(['<unk>', ' é', ''])
    assert.deepEqual(parseVocabulary(bytes, 'tok.bin'), {
      longest: 7,
      tokens: [
        { text: '<unk>', score: -0 },
        { text: ' é', score: -1 },
        { text: '', score: -2 },
      ],
    })
    for (const end of [bytes.length - 1, 4 + 3, 4 + 8 + 2])
      assert.throws(() => parseVocabulary(bytes.subarray(0, end), 'tok.bin'), /tok\.bin: expected token \d whole.*truncated/)
  })

  test('tok512.bin gives the tokenizer of the Hugging Face export', whenShared(stories.vocabulary, stories.hf), async () => {
    const read = parseVocabulary(await readBytes(shared(stories.vocabulary)!), 'tok512.bin')
    assert.deepEqual([read.tokens.length, read.longest, read.tokens[403]?.text], [512, 7, ' Once'])
    const exported: object = JSON.parse(await readText(join(shared(stories.hf)!, 'tokenizer.json')))
    // The template of special tokens is not read: whoever encodes says whether a text begins.
    assert.deepEqual({ ...exported, post_processor: null }, tokenizerJson(read))
    const [ours, theirs] = [tokenizerOf(tokenizerJson(read), tokenizerConfig(read)), await loadTokenizer(shared(stories.hf)!)]
    assert.deepEqual([ours.bos, ours.eos, ours.vocabularySize], [theirs.bos, theirs.eos, theirs.vocabularySize])
  })
})
