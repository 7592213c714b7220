/** Text → tokens → text is the identity, whole, continued or streamed; unusable tokenizers are refused. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { loadTokenizer, streamDecoder, type Tokenizer, TokenizerError, tokenizerOf, trainBytePairs } from '../../models/index.ts'
import { shared, whenShared } from '../shared.ts'

const stories = 'models/stories260K-hf'
const loadStories = () => loadTokenizer(shared(stories)!)

const sentence = 'Once upon a time, there was a café 🎉 in the 漢字 quarter.\nIt’s  two  spaces, and a tab\there.'
const { json, config } = trainBytePairs('the cat sat on the mat, the cat and the hat '.repeat(20), {
  vocabularySize: 270,
  specialTokens: ['<|endoftext|>'],
})
const byteLevel = tokenizerOf(json, config)

/** Any text that UTF-8 can say, without the names of special tokens, and without U+FEFF, U+FFFD and U+2581, which they use for themselves. */
const anyText = fc
  .string({ unit: 'binary' })
  .filter((text) => !/[\uFEFF\uFFFD\u2581]|<s>|<\/s>|<unk>|<0x/.test(text) && text.isWellFormed())

const roundTrips = ({ encode, decode }: Tokenizer): void => {
  for (const text of [sentence, '', ' ', '   leading', 'trailing  ', '\n', 'a .', "don 't"]) {
    assert.equal(decode(encode(text)), text)
    assert.equal(decode(encode(text, { bos: true })), text)
  }
  fc.assert(fc.property(anyText, (text) => assert.equal(decode(encode(text)), text)))
}

/** A text cut anywhere reads the same when its second half is encoded as a continuation. */
const continues = ({ encode, decode }: Tokenizer): void => {
  for (let cut = 1; cut < sentence.length; cut++) {
    const [prompt, completion] = [sentence.slice(0, cut), sentence.slice(cut)]
    if (!prompt.isWellFormed()) continue
    assert.equal(decode([...encode(prompt, { bos: true }), ...encode(completion, { continues: true })]), sentence)
  }
}

const streams = (tokenizer: Tokenizer): void => {
  const ids = tokenizer.encode(sentence, { bos: true })
  for (const begin of [0, 1, 5]) {
    const next = streamDecoder(tokenizer, ids.slice(0, begin))
    const pieces = ids.slice(begin).map(next)
    assert.equal(tokenizer.decode(ids.slice(0, begin)) + pieces.join(''), sentence)
    assert.ok(pieces.every((piece) => !piece.includes('\uFFFD')))
  }
}

describe('a byte-level tokenizer', () => {
  test('decode ∘ encode is the identity', () => roundTrips(byteLevel))
  test('continuations join', () => continues(byteLevel))
  test('streamed text is the whole text, never half a character', () => streams(byteLevel))
  test('special tokens begin, end, and do not show', () => {
    assert.deepEqual([byteLevel.bos, byteLevel.eos, byteLevel.vocabularySize], [0, 0, 270])
    assert.deepEqual(byteLevel.encode('', { bos: true }), [0])
    assert.deepEqual(byteLevel.encode('the<|endoftext|>').at(-1), 0)
    assert.equal(byteLevel.decode(byteLevel.encode('the<|endoftext|>cat')), 'thecat')
    assert.equal(byteLevel.decode([]), '')
    assert.equal(byteLevel.decode([0]), '')
  })
  test('an id beyond the vocabulary is refused', () => {
    assert.throws(() => byteLevel.decode([5, 270]), /expected ids of the vocabulary, found 270/)
  })
})

describe('the tokenizer of stories260K', whenShared(stories), () => {
  test('decode ∘ encode is the identity', async () => roundTrips(await loadStories()))
  test('continuations join, without a space between', async () => {
    const tokenizer = await loadStories()
    continues(tokenizer)
    assert.deepEqual([...tokenizer.encode('Once'), ...tokenizer.encode(' upon', { continues: true })], tokenizer.encode('Once upon'))
  })
  test('streamed text is the whole text, never half a character', async () => streams(await loadStories()))
  test('ids are llama2.c’s', async () => {
    const { encode, bos, eos, vocabularySize } = await loadStories()
    assert.deepEqual([bos, eos, vocabularySize], [1, 2, 512])
    assert.deepEqual(encode('Once upon a time', { bos: true }), [1, 403, 407, 261, 378])
  })
})

describe('tokenizers that cannot be used', () => {
  let directory = ''
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'halograd-tokenizer-'))
  })
  after(() => rm(directory, { recursive: true }))
  const refused = async (files: Readonly<Record<string, string>>, message: RegExp): Promise<void> => {
    for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content)
    await assert.rejects(loadTokenizer(directory), (error) => {
      assert.ok(error instanceof TokenizerError)
      assert.ok(error.message.includes(directory))
      assert.match(error.message, message)
      return true
    })
  }

  test('missing, malformed, of an unknown kind, or contradicting itself', async () => {
    await refused({}, /expected tokenizer\.json, found no such file.*save_pretrained/)
    await refused({ 'tokenizer.json': '{"model":' }, /tokenizer\.json: expected a JSON document, found malformed JSON/)
    await refused({ 'tokenizer.json': '{}' }, /expected a JSON object with a "model"/)
    await refused(
      { 'tokenizer.json': JSON.stringify({ ...json, model: { type: 'Rot13' } }) },
      /expected a Hugging Face tokenizer, found .*Rot13/,
    )
    await refused({ 'tokenizer.json': JSON.stringify({ ...json, added_tokens: undefined }) }, /expected a Hugging Face tokenizer/)
    await refused(
      { 'tokenizer.json': JSON.stringify(json), 'tokenizer_config.json': '{"bos_token":"<begin>"}' },
      /field tokenizer_config\.json: expected bos_token: a token of the vocabulary, found "<begin>"/,
    )
    await refused({ 'tokenizer_config.json': '[]' }, /field tokenizer_config\.json: expected a JSON object/)
  })
})
