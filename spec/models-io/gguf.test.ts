/** GGUF files: read back by Hugging Face's reader, they hold the same model in llama.cpp's layout, and its tokenizer; what llama.cpp has not is refused. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { type GGUFParseOutput, gguf } from '@huggingface/gguf'
import fc from 'fast-check'
import {
  ConfigError,
  fromWeights,
  ggufFile,
  type ModelConfig,
  readBytes,
  type StoredTensor,
  type Tokenizer,
  TokenizerError,
  tokenizerConfig,
  tokenizerJson,
  tokenizerOf,
  toWeights,
  trainBytePairs,
  transformer,
  writeAtomically,
} from '../../models/index.ts'
import type { GgufType, TextVocabulary } from '../../models/internal.ts'
import { backend, close, numbers, tiny, tokens } from '../models/tiny.ts'

const folder = await mkdtemp(join(tmpdir(), 'halograd-gguf-'))
after(() => rm(folder, { recursive: true }))

const bytePairs = trainBytePairs('the cat sat on the mat, the cat and the hat '.repeat(20), {
  vocabularySize: 270,
  specialTokens: ['<|endoftext|>'],
})
const tokenizer = tokenizerOf(bytePairs.json, bytePairs.config)

interface File extends GGUFParseOutput {
  readonly bytes: Uint8Array
}
const written = async (name: string, content: Iterable<Uint8Array>): Promise<File> => {
  const path = join(folder, `${name}.gguf`)
  await writeAtomically(path, content)
  return { ...(await gguf(path, { allowLocalFile: true })), bytes: await readBytes(path) }
}

/** Numbers of ggml's types 0 (F32), 1 (F16), 30 (BF16) and 8 (Q8_0). */
const decoded = (type: number, bytes: DataView, count: number): Float32Array => {
  const half = (at: number): number => {
    const bits = bytes.getUint16(at, true)
    const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023]
    return (bits >> 15 ? -1 : 1) * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
  }
  const upperHalf = (at: number): number => new Float32Array(Uint32Array.of(bytes.getUint16(at, true) << 16).buffer)[0]!
  const block = (i: number): number => 34 * Math.floor(i / 32)
  return Float32Array.from({ length: count }, (_, i) =>
    type === 0
      ? bytes.getFloat32(4 * i, true)
      : type === 1
        ? half(2 * i)
        : type === 30
          ? upperHalf(2 * i)
          : half(block(i)) * bytes.getInt8(block(i) + 2 + (i % 32)),
  )
}

const tensorsOf = ({
  bytes,
  tensorInfos,
  tensorDataOffset,
}: File): ReadonlyMap<string, { type: number; shape: number[]; data: Float32Array }> =>
  new Map(
    tensorInfos.map(({ name, dtype, offset, shape }) => {
      const [begin, sizes] = [Number(tensorDataOffset + offset), shape.map(Number).reverse()]
      assert.equal(begin % 32, 0, name)
      const view = new DataView(bytes.buffer, bytes.byteOffset + begin)
      return [
        name,
        {
          type: dtype,
          shape: sizes,
          data: decoded(
            dtype,
            view,
            sizes.reduce((a, b) => a * b),
          ),
        },
      ]
    }),
  )

/** llama.cpp's names under Hugging Face's, by family. */
const original: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  llama: {
    token_embd: 'model.embed_tokens',
    output_norm: 'model.norm',
    output: 'lm_head',
    attn_norm: 'input_layernorm',
    attn_q: 'self_attn.q_proj',
    attn_k: 'self_attn.k_proj',
    attn_v: 'self_attn.v_proj',
    attn_output: 'self_attn.o_proj',
    ffn_norm: 'post_attention_layernorm',
    ffn_gate: 'mlp.gate_proj',
    ffn_up: 'mlp.up_proj',
    ffn_down: 'mlp.down_proj',
  },
  gpt2: {
    token_embd: 'transformer.wte',
    position_embd: 'transformer.wpe',
    output_norm: 'transformer.ln_f',
    output: 'lm_head',
    attn_norm: 'ln_1',
    attn_qkv: 'attn.c_attn',
    attn_output: 'attn.c_proj',
    ffn_norm: 'ln_2',
    ffn_up: 'mlp.c_fc',
    ffn_down: 'mlp.c_proj',
  },
}

/** The model in a file, as llama.cpp computes it: rotation of interleaved pairs, matrices [output, input]. */
const logitsOf = async (file: File, config: ModelConfig, text: readonly (readonly number[])[]): Promise<readonly number[]> => {
  const stored = [...tensorsOf(file)].map(([name, { shape, data }]): StoredTensor => {
    const [, block, module, kind] = /^(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)$/.exec(name)!
    const prefix = block === undefined ? '' : `${config.family === 'llama' ? 'model.layers' : 'transformer.h'}.${block}.`
    const hf = { name: `${prefix}${original[config.family]![module!]!}.${kind}`, dtype: 'F32' as const }
    if (config.family === 'llama' || block === undefined || shape.length === 1) return { ...hf, shape, data }
    const [output, input] = [shape[0]!, shape[1]!]
    return { ...hf, shape: [input, output], data: data.map((_, i) => data[(i % output) * input + Math.floor(i / output)]!) }
  })
  const weights = new Map(stored.map((tensor) => [tensor.name, tensor]))
  const asStored: ModelConfig = { ...config, rotation: 'interleaved' }
  return numbers(transformer(asStored).logits(fromWeights(asStored, weights), tokens(text)))
}

const text = [[1, 5, 3, 9, 2, 7, 10, 0]]

describe('tensors', () => {
  for (const { name, config: small } of tiny)
    for (const rotation of name === 'llama' ? (['half', 'interleaved'] as const) : (['half'] as const))
      test(`${name}, ${rotation} rotation: the file holds the same model`, async () => {
        const config: ModelConfig = { ...small, rotation }
        const parameters = tiny.find((each) => each.name === name)!.parameters
        const file = await written(name, ggufFile(config, await toWeights(backend, config, parameters), tokenizer, { dtype: 'F32' }))
        close(await logitsOf(file, config, text), await numbers(transformer(config).logits(parameters, tokens(text))), 1e-5)
      })

  test('the last tensor ends the file, but for what fills its last 32 bytes', async () => {
    const { config, parameters } = tiny[0]!
    const file = await written('end', ggufFile(config, await toWeights(backend, config, parameters), tokenizer))
    const { offset, shape } = file.tensorInfos.at(-1)!
    const end = Number(file.tensorDataOffset + offset) + 2 * shape.map(Number).reduce((a, b) => a * b)
    assert.equal(file.bytes.length, Math.ceil(end / 32) * 32)
  })

  const matrix = { name: 'model.layers.0.mlp.up_proj.weight', dtype: 'F32' as const, shape: [3, 64] }
  const data = Float32Array.from({ length: 192 }, (_, i) => Math.sin(i * i) * 10 ** ((i % 7) - 3)).fill(0, 64, 96)
  const stored: readonly StoredTensor[] = [
    { ...matrix, data },
    { ...matrix, name: 'model.layers.0.mlp.down_proj.weight', shape: [64, 3], data },
    { ...matrix, name: 'model.norm.weight', shape: [192], data },
  ]
  const errors: Readonly<Record<GgufType, number>> = { F32: 0, F16: 2 ** -11, BF16: 2 ** -8, Q8_0: 0 }
  for (const dtype of ['F32', 'F16', 'BF16', 'Q8_0'] as const)
    test(`${dtype}: matrices rounded, vectors not`, async () => {
      const file = await written(dtype, ggufFile(tiny[0]!.config, stored, tokenizer, { dtype }))
      const found = tensorsOf(file)
      const [up, down, norm] = [found.get('blk.0.ffn_up.weight')!, found.get('blk.0.ffn_down.weight')!, found.get('output_norm.weight')!]
      const type = { F32: 0, F16: 1, BF16: 30, Q8_0: 8 }[dtype]
      // Rows of 3 numbers have no blocks of 32.
      assert.deepEqual([up.type, down.type, norm.type], [type, dtype === 'Q8_0' ? 1 : type, 0])
      assert.deepEqual([up.shape, down.shape, norm.shape], [[3, 64], [64, 3], [192]])
      assert.deepEqual(norm.data, data)
      up.data.forEach((x, i) => {
        const block = data.subarray(32 * Math.floor(i / 32), 32 * Math.floor(i / 32) + 32)
        const step = dtype === 'Q8_0' ? Math.max(...block.map(Math.abs)) / 127 : 0
        const bound = Math.abs(data[i]!) * errors[dtype] + step * (0.5 + 127 * 2 ** -11) + 2 ** -24
        assert.ok(Math.abs(x - data[i]!) <= bound, `${dtype} ${i}: ${x} for ${data[i]}`)
      })
    })
})

describe('metadata', () => {
  test('what llama.cpp must know of a Llama', async () => {
    const config: ModelConfig = { ...tiny[0]!.config, ropeTheta: 500, normEpsilon: 2 ** -10, vocab: 272 }
    const { metadata } = await written('keys', ggufFile(config, [], tokenizer, { dtype: 'BF16', name: 'small' }))
    const expected = {
      version: 3,
      'general.architecture': 'llama',
      'general.name': 'small',
      'general.file_type': 32,
      'llama.vocab_size': 272,
      'llama.context_length': 16,
      'llama.embedding_length': 8,
      'llama.block_count': 2,
      'llama.feed_forward_length': 12,
      'llama.attention.head_count': 4,
      'llama.attention.head_count_kv': 2,
      'llama.attention.layer_norm_rms_epsilon': 2 ** -10,
      'llama.attention.key_length': 4,
      'llama.rope.dimension_count': 4,
      'llama.rope.freq_base': 500,
      'tokenizer.ggml.model': 'gpt2',
      'tokenizer.ggml.pre': 'gpt-2',
      'tokenizer.ggml.bos_token_id': 0,
      'tokenizer.ggml.eos_token_id': 0,
      'tokenizer.ggml.add_bos_token': true,
      'tokenizer.ggml.merges': bytePairs.merges.map((pair) => pair.join(' ')),
      'tokenizer.ggml.tokens': [...bytePairs.vocabulary, '[PAD270]', '[PAD271]'],
      // A control token, the bytes and what was merged, and what the tokenizer does not have.
      'tokenizer.ggml.token_type': [3, ...Array(269).fill(1), 5, 5],
    }
    const found: Readonly<Record<string, unknown>> = { ...metadata }
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, found[key]])), expected)
  })

  test('GPT-2 has a norm of its own, and no rotation', async () => {
    const { metadata } = await written('gpt2-keys', ggufFile(tiny[1]!.config, [], tokenizer))
    const found: Readonly<Record<string, unknown>> = { ...metadata }
    assert.deepEqual([found['general.architecture'], found['gpt2.attention.head_count']], ['gpt2', 4])
    assert.ok(Math.abs(Number(found['gpt2.attention.layer_norm_epsilon']) - 1e-5) < 1e-11)
    assert.deepEqual(
      Object.keys(found).filter((key) => key.includes('rope')),
      [],
    )
  })

  test('a chat template comes along', async () => {
    const chat = { ...tokenizer, config: { ...tokenizer.config, chat_template: '{{ messages }}' } }
    const { metadata } = await written('chat', ggufFile(tiny[1]!.config, [], chat))
    assert.equal(new Map(Object.entries(metadata)).get('tokenizer.chat_template'), '{{ messages }}')
  })

  test('a model that llama.cpp would compute differently is refused', () => {
    assert.throws(() => ggufFile({ ...tiny[1]!.config, activation: 'gelu' }, [], tokenizer), ConfigError)
  })
})

describe('tokenizers', () => {
  const refused = (change: Partial<Pick<Tokenizer, 'json' | 'config'>>, message: RegExp) =>
    assert.throws(
      () => ggufFile(tiny[0]!.config, [], { ...tokenizer, ...change }),
      (error) => error instanceof TokenizerError && message.test(error.message),
    )

  test('those that llama.cpp has not are refused', () => {
    const { json } = tokenizer
    const model = { ...(json.model as object) }
    refused({ json: { ...json, model: { ...model, type: 'Unigram' } } }, /model\.type: expected "BPE"/)
    refused({ json: { ...json, normalizer: { type: 'NFC' } } }, /normalizer: expected null/)
    refused(
      { json: { ...json, pre_tokenizer: { type: 'ByteLevel', add_prefix_space: true } } },
      /pre_tokenizer: expected the pieces of gpt-2, llama-bpe/,
    )
    refused({ json: { ...json, model: { ...model, ignore_merges: true } } }, /pre_tokenizer/)
    refused(
      { json: trainBytePairs('a b', { vocabularySize: 257, specialTokens: ['x'], pattern: '.' }).json },
      /pieces of gpt-2.* found "\."/,
    )
  })

  test('where nothing ends texts, llama.cpp is told a byte that no text has', async () => {
    const { json, config } = trainBytePairs('a b c', { vocabularySize: 256 })
    const { metadata } = await written('endless', ggufFile({ ...tiny[0]!.config, vocab: 256 }, [], tokenizerOf(json, config)))
    const found = new Map<string, unknown>(Object.entries(metadata))
    const names = found.get('tokenizer.ggml.tokens') as readonly string[]
    assert.equal(names[Number(found.get('tokenizer.ggml.eos_token_id'))], 'ÿ')
    assert.deepEqual([found.get('tokenizer.ggml.bos_token_id'), found.get('tokenizer.ggml.add_bos_token')], [undefined, false])
    const { model } = json as { readonly model: object }
    const without = { json: { ...json, model: { ...model, vocab: { a: 0 }, merges: [] } }, config: {}, begins: false }
    assert.throws(() => ggufFile(tiny[0]!.config, [], without), /eos_token: expected the token that ends a text/)
  })

  /** Letters, and what they make; a pair merges the earlier, the higher the score of what it makes. */
  const made = ['th', '\u2581th', 'the', '\u2581the', 'he', '\u2581t', 'at', '\u2581c', '\u2581cat', 'cat', 'ca', 'hat', '\u2581h']
  const letters = ['\u2581', 't', 'h', 'e', 'c', 'a']
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
  const vocabulary: TextVocabulary = {
    tokens: [
      ...['<unk>', '<s>', '</s>', ...bytes].map((text) => ({ text, score: 0 })),
      ...made.map((text, i) => ({ text: text.replaceAll('\u2581', ' '), score: -((i * 7) % 13) })),
      ...letters.map((text) => ({ text: text.replaceAll('\u2581', ' '), score: -100 })),
    ],
    longest: 6,
  }
  const [json, config] = [tokenizerJson(vocabulary), tokenizerConfig(vocabulary)]
  const sentencePiece = tokenizerOf(json, config)

  test("scores, merged as SentencePiece merges them, give the tokens of tokenizer.json's merges", async () => {
    const vocab = vocabulary.tokens.length
    const { metadata } = await written('spm', ggufFile({ ...tiny[0]!.config, vocab }, [], sentencePiece))
    const found = new Map<string, unknown>(Object.entries(metadata))
    assert.deepEqual(
      ['model', 'bos_token_id', 'eos_token_id', 'unknown_token_id', 'add_space_prefix'].map((key) => found.get(`tokenizer.ggml.${key}`)),
      ['llama', 1, 2, 0, true],
    )
    assert.deepEqual((found.get('tokenizer.ggml.token_type') as readonly number[]).slice(0, 4), [2, 3, 3, 6])
    const names = found.get('tokenizer.ggml.tokens') as readonly string[]
    const scores = found.get('tokenizer.ggml.scores') as readonly number[]
    /** Again and again, the pair of highest score, the first of them. */
    const merge = (parts: readonly string[]): readonly string[] => {
      const pairs = parts.slice(1).map((right, i) => ({ i, token: names.indexOf(parts[i]! + right) }))
      const best = pairs.filter(({ token }) => token >= 0).sort((a, b) => scores[b.token]! - scores[a.token]! || a.i - b.i)[0]
      return best === undefined ? parts : merge([...parts.slice(0, best.i), names[best.token]!, ...parts.slice(best.i + 2)])
    }
    const word = fc.string({ unit: fc.constantFrom('t', 'h', 'e', 'c', 'a', ' '), maxLength: 12 })
    fc.assert(
      fc.property(word, (text) => {
        const parts = merge([...`\u2581${text.replaceAll(' ', '\u2581')}`])
        assert.deepEqual(text === '' ? [] : parts.map((part) => names.indexOf(part)), sentencePiece.encode(text))
      }),
    )
  })

  test('merges that scores cannot say are refused', () => {
    const model = { ...(json.model as { readonly merges: readonly unknown[] }) }
    const lacking = { ...sentencePiece, json: { ...json, model: { ...model, merges: model.merges.slice(1) } } }
    assert.throws(() => ggufFile({ ...tiny[0]!.config, vocab: 300 }, [], lacking), /model\.merges: expected the merge \["/)
    const metaspace = { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'never' }
    const spaced = { ...sentencePiece, json: { ...json, normalizer: null, pre_tokenizer: metaspace } }
    assert.doesNotThrow(() => ggufFile({ ...tiny[0]!.config, vocab: 300 }, [], spaced))
    refused({ json: { ...json, normalizer: { type: 'Lowercase' } } }, /normalizer: expected spaces written as/)
    refused({ json: { ...json, model: { ...model, byte_fallback: false } } }, /byte_fallback: expected true/)
  })
})
