/** The byte-pair trainer learns what its definition says (recounted naively), and exactly the reference vocabulary. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { TokenizerError, tokenizerOf, trainBytePairs } from '../../models/index.ts'
import { byteAlphabet, gpt2Pattern } from '../../models/internal.ts'
import { shared, whenShared } from '../shared.ts'

const fixtures = 'data/bpe-fixtures'
const fixture = (name: string) => readFile(join(shared(fixtures)!, name), 'utf8')

/** The definition, as directly as it can be said: count all pairs anew for every merge. */
const directly = (corpus: string, merges: number, pattern: string): readonly string[] => {
  let pieces = [...corpus.matchAll(new RegExp(pattern, 'gu'))].map(([piece]) =>
    Array.from(new TextEncoder().encode(piece), (byte) => String.fromCharCode(byte)),
  )
  const learned: string[] = []
  for (let m = 0; m < merges; m++) {
    const counts = new Map<string, number>()
    for (const piece of pieces)
      for (let i = 1; i < piece.length; i++) {
        const pair = JSON.stringify([piece[i - 1], piece[i]])
        counts.set(pair, (counts.get(pair) ?? 0) + 1)
      }
    // One char a byte: strings compare as bytes do, pairs by the left token and then by the right.
    const less = ([a, b]: readonly string[], [c, d]: readonly string[]) => (a === c ? b! < d! : a! < c!)
    const best = [...counts].reduce<readonly [string[], number] | undefined>((top, [key, count]) => {
      const pair: string[] = JSON.parse(key)
      return top === undefined || count > top[1] || (count === top[1] && less(top[0], pair)) ? [pair, count] : top
    }, undefined)
    if (best === undefined) break
    const [left, right] = best[0] as [string, string]
    learned.push(`${left}|${right}`)
    pieces = pieces.map((piece) => {
      const result: string[] = []
      for (let i = 0; i < piece.length; i++) {
        if (piece[i] === left && piece[i + 1] === right) result.push(left + piece[++i]!)
        else result.push(piece[i]!)
      }
      return result
    })
  }
  return learned
}

const bytes = new Map([...byteAlphabet].map(([byte, letter]) => [letter, String.fromCharCode(byte)]))
const asBytes = (token: string): string => [...token].map((letter) => bytes.get(letter)).join('')

describe('the byte-pair trainer', () => {
  test('learns what the definition says', () => {
    const corpus = fc.array(fc.constantFrom('a', 'b', 'ab', 'aa', 'é', ' ', 'c', '\n'), { maxLength: 120 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(corpus, fc.nat({ max: 30 }), (text, merges) => {
        const trained = trainBytePairs(text, { vocabularySize: 256 + merges })
        assert.deepEqual(
          trained.merges.map((pair) => pair.map(asBytes).join('|')),
          directly(text, merges, gpt2Pattern),
        )
      }),
    )
  })

  test('the tokenizer that it makes loads, round-trips, and uses every merge', () => {
    const pattern = ' ?[A-Za-z]+| ?[0-9]+| ?[^\\sA-Za-z0-9]| '
    const corpus = 'call me ishmael. some years ago, never mind how long precisely\n'.repeat(3)
    const { vocabulary, merges, json, config } = trainBytePairs(corpus, {
      vocabularySize: 300,
      specialTokens: ['<|endoftext|>', '<|pad|>'],
      pattern,
    })
    assert.deepEqual([vocabulary.length, merges.length], [300, 300 - 256 - 2])
    const tokenizer = tokenizerOf(JSON.parse(JSON.stringify(json)), config)
    assert.deepEqual([tokenizer.vocabularySize, tokenizer.bos, tokenizer.eos], [300, 0, 0])
    const ids = tokenizer.encode(corpus)
    assert.equal(tokenizer.decode(ids), corpus)
    assert.ok(ids.length < corpus.length / 2, `${ids.length} tokens for ${corpus.length} characters`)
    for (const id of vocabulary.keys()) if (id >= 2 + 256) assert.deepEqual(tokenizer.encode(tokenizer.decode([id])), [id], vocabulary[id])
  })

  test('special tokens are never cut, merged or counted', () => {
    const trained = trainBytePairs('ab<|end|>'.repeat(50), { vocabularySize: 300, specialTokens: ['<|end|>'] })
    assert.deepEqual(trained.merges, [['a', 'b']])
    assert.deepEqual(tokenizerOf(trained.json, trained.config).encode('ab<|end|>ab'), [257, 0, 257])
  })

  test('a vocabulary without room for the bytes, or a malformed pattern, is refused', () => {
    assert.throws(() => trainBytePairs('text', { vocabularySize: 256, specialTokens: ['<|end|>'] }), /expected an integer ≥ 257.*found 256/)
    assert.throws(() => trainBytePairs('text', { vocabularySize: 300, pattern: '(' }), TokenizerError)
  })

  test('learns the reference vocabulary and merges', whenShared(fixtures), async () => {
    const trained = trainBytePairs(await fixture('corpus.en'), { vocabularySize: 500, specialTokens: ['<|endoftext|>'] })
    const merges = (await fixture('train-bpe-reference-merges.txt')).trimEnd().split('\n')
    assert.deepEqual(
      trained.merges.map((pair) => pair.join(' ')),
      merges,
    )
    assert.deepEqual(
      Object.fromEntries(trained.vocabulary.map((token, id) => [token, id])),
      JSON.parse(await fixture('train-bpe-reference-vocab.json')),
    )
    const tokenizer = tokenizerOf(trained.json, trained.config)
    const sample = await fixture('tinystories_sample.txt')
    assert.equal(tokenizer.decode(tokenizer.encode(sample)), sample.replaceAll('<|endoftext|>', ''))
  })

  test('a million characters take a few seconds', whenShared('data/tinyshakespeare.txt'), async () => {
    const corpus = await readFile(shared('data/tinyshakespeare.txt')!, 'utf8')
    const begin = performance.now()
    const { vocabulary } = trainBytePairs(corpus, { vocabularySize: 2048, specialTokens: ['<|endoftext|>'] })
    assert.equal(vocabulary.length, 2048)
    const seconds = (performance.now() - begin) / 1000
    assert.ok(seconds < 10, `${seconds} s`)
  })
})
