/** What is said of a file of training data is true of it: counts, balance, lengths, repetitions, contradictions, every flaw. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Inspection, inspectFile, type Row, readRows, weigh } from '../../models/index.ts'
import { inspect } from '../../models/internal.ts'
import { jsonLines } from '../../models/io/records.ts'
import { shared, whenShared } from '../shared.ts'

const look = (...lines: readonly unknown[]): Inspection =>
  inspect(jsonLines(lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')), 'data.jsonl')
const says = (prompt: string, completion: string, label: boolean) => ({ prompt, completion, label })

describe('inspection', () => {
  test('of judged completions', () => {
    const found = look(
      says('a', 'xyz', true),
      says('a', 'x', false),
      '',
      says('a', 'xyz', true),
      says('b', 'x', false),
      '{"prompt": ',
      says('b', 'x', true),
      { prompt: 'c', completion: '', label: 'maybe' },
      { text: 'other' },
    )
    assert.deepEqual([found.rows, found.kind, found.distinctPrompts], [5, 'labelled', 2])
    assert.deepEqual(found.labels, { desirable: 3, undesirable: 2, ratio: 1.5, better: { desirable: 1, undesirable: 3 / (4 / 3) / 2 } })
    assert.deepEqual(found.lengths?.prompt, { least: 1, median: 1, most95: 1, most: 1 })
    assert.deepEqual(found.lengths?.completion, { least: 1, median: 1, most95: 3, most: 3 })
    assert.deepEqual([found.duplicates, found.contradictions, found.indifferent], [[[1, 4]], [[5, 7]], []])
    assert.deepEqual(
      found.findings.map(({ line, field }) => [line, field]),
      [
        [6, undefined],
        [8, 'completion'],
        [8, 'label'],
        [9, undefined],
      ],
    )
  })

  test('of pairs', () => {
    const pair = (chosen: string, rejected: string) => ({ prompt: 'a', chosen, rejected })
    const found = look(pair('x', 'y'), pair('y', 'x'), pair('z', 'z'), pair('x', 'y'))
    assert.deepEqual(found.labels, { desirable: 4, undesirable: 4, ratio: 1 })
    assert.deepEqual([found.duplicates, found.contradictions, found.indifferent], [[[1, 4]], [[1, 2, 4]], [3]])
  })

  test('of texts and of nothing', () => {
    const found = look({ text: 'four' }, { text: 'seventy' })
    assert.deepEqual([found.kind, found.labels, found.lengths?.completion.most], ['text', undefined, 7])
    assert.deepEqual([look().rows, look().lengths], [0, undefined])
  })

  test('what is measured is what the measure says', () => {
    const measure = (text: string, part: string): number => text.length + (part === 'prompt' ? 100 : 10)
    const { lengths } = inspect(jsonLines(JSON.stringify(says('ab', 'xyz', true))), 'f', { measure })
    assert.deepEqual([lengths?.prompt.most, lengths?.completion.most, lengths?.together.most], [102, 13, 115])
  })

  test('weights that are called better meet the λ rule; those that meet it are let be', () => {
    const some = fc.integer({ min: 1, max: 1000 })
    fc.assert(
      fc.property(some, some, fc.double({ min: 0.1, max: 10, noNaN: true }), (desirable, undesirable, weight) => {
        const counts = { desirable, undesirable }
        const weights = { desirable: weight, undesirable: 1 }
        const { ratio, better } = weigh(counts, weights)
        assert.equal(better === undefined, ratio >= 1 && ratio <= 4 / 3)
        if (better === undefined) return
        const repaired = weigh(counts, better).ratio
        assert.ok(repaired > 1 - 1e-12 && repaired < 4 / 3 + 1e-12, `${repaired}`)
        assert.ok(better.desirable >= weights.desirable && better.undesirable >= weights.undesirable)
      }),
    )
    assert.deepEqual(weigh({ desirable: 3, undesirable: 0 }), { ratio: Infinity })
    assert.deepEqual(weigh({ desirable: 0, undesirable: 3 }), { ratio: 0 })
    assert.deepEqual(weigh({ desirable: 6, undesirable: 5 }), { ratio: 1.2 })
  })

  test('real preferences', whenShared('data/hh-helpful-short.kto.jsonl', 'data/tinystories-ending.kto.jsonl'), async () => {
    const file = shared('data/hh-helpful-short.kto.jsonl')!
    const found = await inspectFile(file)
    const rows: readonly Row[] = await readRows(file)
    assert.deepEqual([found.rows, found.findings], [rows.length, []])
    assert.deepEqual(found.labels, { desirable: 437, undesirable: 437, ratio: 1 })
    const endings = await inspectFile(shared('data/tinystories-ending.kto.jsonl')!)
    assert.deepEqual([endings.labels?.desirable, endings.labels?.undesirable], [395, 27])
    assert.ok(Math.abs(endings.labels!.better!.undesirable - 10.97) < 0.01)
  })
})
