/** Who begins and ends a text: each place where checkpoints say it, the order in which they count, and that nothing is put twice or forgotten. */
import { deepEqual, equal, match } from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { completionOf } from '../../app/inputs/examples.ts'
import { loadTokenizer, tokenizerOf } from '../../models/index.ts'

const special = (content: string, id: number) => ({
  id,
  content,
  special: true,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
})
const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true }
const json = {
  added_tokens: [special('<s>', 3), special('</s>', 4), special('<end>', 5)],
  normalizer: null,
  pre_tokenizer: byteLevel,
  post_processor: null as unknown,
  decoder: byteLevel,
  model: { type: 'BPE', vocab: { a: 0, b: 1, c: 2 }, merges: [] },
}
const starting = {
  type: 'TemplateProcessing',
  single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
  pair: [],
  special_tokens: { '<s>': { id: '<s>', ids: [3], tokens: ['<s>'] } },
}
const plain = { ...starting, single: [{ Sequence: { id: 'A', type_id: 0 } }] }
const named = { bos_token: '<s>', eos_token: '</s>' }
type Around = Parameters<typeof tokenizerOf>[3]
const start = (config: object, processor: unknown = null, around: Around = {}) =>
  tokenizerOf({ ...json, post_processor: processor }, config, 'm', around).encode('ab', { bos: true })

test('whether a text begins: add_bos_token, else the post-processor, else the class, else the family', () => {
  const [begun, bare] = [
    [3, 0, 1],
    [0, 1],
  ]
  deepEqual(start({ ...named, add_bos_token: true, tokenizer_class: 'GPT2Tokenizer' }), begun)
  deepEqual(start({ ...named, add_bos_token: false }, starting), bare)
  deepEqual(start({ ...named, tokenizer_class: 'PreTrainedTokenizerFast' }, starting), begun)
  deepEqual(start({ ...named, tokenizer_class: 'LlamaTokenizerFast' }, plain), bare)
  deepEqual(start({ ...named, tokenizer_class: 'LlamaTokenizerFast' }), begun)
  deepEqual(start({ ...named, tokenizer_class: 'GPT2Tokenizer' }), bare)
  deepEqual(start({ ...named, tokenizer_class: 'Qwen2Tokenizer', bos_token: null }, null, { model: { bos_token_id: 3 } }), bare)
  deepEqual(start({}, null, { model: { model_type: 'gpt2', bos_token_id: 3 } }), bare)
  deepEqual(start({}, null, { model: { model_type: 'llama', bos_token_id: 3 } }), begun)
  deepEqual(start(named), begun)
})

test('never twice, never forgotten', () => {
  const tokenizer = tokenizerOf(json, named)
  deepEqual(tokenizer.encode('<s>ab', { bos: true }), [3, 0, 1])
  deepEqual(completionOf(tokenizer, 'ab</s>'), [0, 1, 4])
  deepEqual(completionOf(tokenizer, 'ab'), [0, 1, 4])
  deepEqual(tokenizerOf(json, { ...named, add_bos_token: false }).encode('', { bos: true }), [3])
  equal(tokenizerOf(json, {}, 'm', { model: { eos_token_id: [5, 4] } }).eos, 5)
  equal(tokenizerOf(json, {}, 'm', { generation: { eos_token_id: 4 } }).eos, 4)
  equal(tokenizerOf(json, {}, 'm', { specialTokens: { eos_token: { content: '</s>' } }, model: { eos_token_id: 5 } }).eos, 4)
  equal(tokenizerOf(json, {}, 'm', { model: { eos_token_id: 77 } }).eos, undefined)
})

test('disagreement is told; what was decided is what is saved', () => {
  const { eos, notes } = tokenizerOf(json, named, 'm', { model: { eos_token_id: 5 }, generation: { eos_token_id: [5, 4] } })
  equal(eos, 4)
  equal(notes.length, 1)
  match(notes[0]!, /tokenizer_config\.json says that <\/s> ends them, and config\.json <end>/)
  match(tokenizerOf({ ...json, post_processor: starting }, { ...named, add_bos_token: false }).notes.join(), /add_bos_token: false/)
  deepEqual(tokenizerOf(json, named, 'm', { model: { bos_token_id: 3, eos_token_id: 4 } }).notes, [])
  const found = tokenizerOf(json, {}, 'm', { model: { model_type: 'gpt2', bos_token_id: 3, eos_token_id: 4 } })
  const again = tokenizerOf(json, found.config)
  deepEqual([again.bos, again.eos, again.begins], [found.bos, found.eos, false])
})

test('all of it is found in the files of a model', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'halograd-ends-'))
  after(() => rm(folder, { recursive: true }))
  const write = (name: string, content: unknown) => writeFile(join(folder, name), JSON.stringify(content))
  await write('tokenizer.json', json)
  await write('tokenizer_config.json', { model_max_length: 1024 })
  await write('config.json', { model_type: 'gpt2', bos_token_id: 4, eos_token_id: 4 })
  const { bos, eos, begins } = await loadTokenizer(folder)
  deepEqual([bos, eos, begins], [4, 4, false])
  await write('special_tokens_map.json', { bos_token: '<s>', eos_token: { content: '<end>' } })
  const other = await loadTokenizer(folder)
  deepEqual([other.bos, other.eos, other.notes.length], [3, 5, 2])
})

test('ids that are no token are known as such', () => {
  deepEqual(tokenizerOf(json, named).gaps(9), [6, 7, 8])
})
