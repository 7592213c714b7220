/** config.json in both directions; everything that would be computed wrongly is refused. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ConfigError, formatConfig, type ModelConfig, parseConfig } from '../../models/index.ts'
import { parseJson } from '../../models/internal.ts'
import { shared, whenShared } from '../shared.ts'

const count = fc.integer({ min: 1, max: 512 })
const ends = { bos: fc.nat({ max: 100 }), eos: fc.nat({ max: 100 }) }

const llama: fc.Arbitrary<ModelConfig> = fc
  .record(
    {
      vocab: count,
      context: count,
      embed: count,
      layers: count,
      hidden: count,
      keyValueHeads: count,
      groups: count,
      half: count,
      tied: fc.boolean(),
      interleaved: fc.boolean(),
      ...ends,
    },
    {
      noNullPrototype: true,
      requiredKeys: ['vocab', 'context', 'embed', 'layers', 'hidden', 'keyValueHeads', 'groups', 'half', 'tied', 'interleaved'],
    },
  )
  .map(({ groups, half, interleaved, ...rest }) => ({
    ...rest,
    family: 'llama',
    heads: rest.keyValueHeads * groups,
    headSize: 2 * half,
    activation: 'silu',
    normEpsilon: 1e-6,
    ropeTheta: 500000,
    rotation: interleaved ? 'interleaved' : 'half',
  }))

const gpt2: fc.Arbitrary<ModelConfig> = fc
  .record(
    {
      vocab: count,
      context: count,
      layers: count,
      hidden: count,
      heads: count,
      headSize: count,
      tied: fc.boolean(),
      exact: fc.boolean(),
      ...ends,
    },
    { noNullPrototype: true, requiredKeys: ['vocab', 'context', 'layers', 'hidden', 'heads', 'headSize', 'tied', 'exact'] },
  )
  .map(({ exact, ...rest }) => ({
    ...rest,
    family: 'gpt2',
    embed: rest.heads * rest.headSize,
    keyValueHeads: rest.heads,
    activation: exact ? 'gelu' : 'geluTanh',
    normEpsilon: 1e-5,
    ropeTheta: 10000,
    rotation: 'half',
  }))

const smallLlama = {
  model_type: 'llama',
  vocab_size: 32,
  hidden_size: 8,
  intermediate_size: 16,
  num_hidden_layers: 1,
  num_attention_heads: 2,
}

const refused = (json: unknown, ...words: readonly string[]): void => {
  assert.throws(
    () => parseConfig(json, 'm/config.json'),
    (error) => {
      assert.ok(error instanceof ConfigError)
      for (const word of ['m/config.json', ...words]) assert.ok(error.message.includes(word), `"${error.message}" lacks "${word}"`)
      return true
    },
  )
}

describe('config.json', () => {
  test('what is written reads back', () => {
    fc.assert(
      fc.property(fc.oneof(llama, gpt2), (config) =>
        assert.deepEqual(parseConfig(JSON.parse(JSON.stringify(formatConfig(config)))), config),
      ),
    )
  })

  test('Hugging Face’s defaults are filled in', () => {
    assert.deepEqual(parseConfig(smallLlama), {
      family: 'llama',
      vocab: 32,
      context: 2048,
      embed: 8,
      layers: 1,
      heads: 2,
      keyValueHeads: 2,
      headSize: 4,
      hidden: 16,
      activation: 'silu',
      normEpsilon: 1e-6,
      ropeTheta: 10000,
      rotation: 'half',
      tied: false,
    })
    const gpt = parseConfig({ architectures: ['GPT2LMHeadModel'], vocab_size: 3, n_embd: 48, n_head: 3, n_layer: 3, n_inner: null })
    assert.deepEqual(
      [gpt.family, gpt.context, gpt.hidden, gpt.headSize, gpt.activation, gpt.tied],
      ['gpt2', 1024, 192, 16, 'geluTanh', true],
    )
  })

  test('the base of RoPE is found where transformers 5 writes it', () => {
    assert.equal(parseConfig({ ...smallLlama, rope_parameters: { rope_theta: 500000, rope_type: 'default' } }).ropeTheta, 500000)
  })

  test('an unknown architecture is refused, with the supported ones', () => {
    refused(
      { model_type: 'mamba', architectures: ['MambaForCausalLM'] },
      'field model_type',
      'llama (LlamaForCausalLM)',
      'gpt2',
      'mamba',
      'MambaForCausalLM',
    )
    refused({ model_type: 'toString' }, 'field model_type')
    refused([], 'a JSON object')
    refused(parseJson('{"model_type":'), 'malformed JSON')
  })

  test('all flaws are reported at once', () => {
    refused(
      { ...smallLlama, vocab_size: '32', hidden_size: -8, hidden_act: 'mish', tie_word_embeddings: 'yes', eos_token_id: -1 },
      'field vocab_size',
      'found "32"',
      'field hidden_size',
      'found -8',
      'field hidden_act',
      'found "mish"',
      'field tie_word_embeddings',
      'field eos_token_id',
    )
    refused(
      { model_type: 'llama' },
      'vocab_size',
      'hidden_size',
      'intermediate_size',
      'num_hidden_layers',
      'num_attention_heads',
      'found nothing',
    )
  })

  test('variants that would be computed wrongly are refused', () => {
    refused({ ...smallLlama, rope_scaling: { rope_type: 'llama3', factor: 8 } }, 'rope_scaling.low_freq_factor')
    refused({ ...smallLlama, rope_parameters: { rope_type: 'mystery', rope_theta: 1 } }, 'rope_parameters.rope_type', '"mystery"')
    refused({ ...smallLlama, rope_scaling: { rope_type: 'linear', factor: 2, mrope_section: [1, 1] } }, 'rope_scaling.mrope_section')
    refused({ ...smallLlama, num_key_value_heads: 3 }, 'num_key_value_heads', 'a divisor of 2')
    refused({ ...smallLlama, num_attention_heads: 3 }, 'num_attention_heads', 'a divisor of 8')
    refused({ ...smallLlama, head_dim: 5 }, 'head_dim', 'even')
    refused({ model_type: 'gpt2', vocab_size: 3, n_embd: 48, n_head: 3, n_layer: 3, add_cross_attention: true }, 'add_cross_attention')
  })

  test('stories260K is what it says', whenShared('models/stories260K-hf'), async () => {
    const json: unknown = JSON.parse(await readFile(join(shared('models/stories260K-hf')!, 'config.json'), 'utf8'))
    const config = parseConfig(json)
    assert.deepEqual(
      [config.family, config.vocab, config.heads, config.keyValueHeads, config.rotation, config.tied],
      ['llama', 512, 8, 4, 'half', true],
    )
    const written = formatConfig(config)
    for (const [field, value] of Object.entries(written)) assert.deepEqual((json as Record<string, unknown>)[field], value, field)
  })
})
