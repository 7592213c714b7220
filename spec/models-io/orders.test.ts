/**
 * Orders: a seed means the same one in every release, for a run that is resumed must meet the rest of its epoch. These were drawn once and written
 * down; whoever changes them breaks the runs that people have begun.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shuffle } from '../../models/index.ts'
import { bucketLength, epochOf, mismatch, seedFor } from '../../models/internal.ts'

test('seeds, shuffles, epochs and mismatches are those that were drawn', () => {
  assert.deepEqual([seedFor(1979), seedFor(1979, 1), seedFor(1979, 1, 2), seedFor(-3, 0)], [1979, -383368013, 2040325434, -626627310])
  assert.deepEqual(shuffle([0, 1, 2, 3, 4, 5, 6, 7], 1979), [7, 5, 2, 3, 6, 1, 0, 4])
  const labels = Array.from({ length: 12 }, (_, i) => i % 3 === 0)
  assert.deepEqual(epochOf(labels, { size: 4, seed: 1979, epoch: 2 }), [
    [1, 7, 9, 2],
    [0, 5, 4, 6],
    [11, 3, 10, 8],
  ])
  const pairs = Array.from({ length: 8 }, (_, i) => ({ prompt: [i >> 1], completion: [i] }))
  assert.deepEqual(mismatch(pairs, 1979), [3, 2, 5, 4, 7, 6, 1, 0])
  const fours = Array.from({ length: 12 }, (_, i) => ({ prompt: [i >> 2], completion: [i] }))
  assert.deepEqual(mismatch(fours, 1979), [8, 10, 11, 9, 0, 2, 3, 1, 4, 6, 7, 5])
})

test('where one prompt has just half of the completions, each still gets one of another prompt', () => {
  const half = [0, 0, 1, 2].map((prompt, i) => ({ prompt: [prompt], completion: [i] }))
  for (let seed = 0; seed < 20; seed++) assert.ok(mismatch(half, seed).every((other, i) => half[other]!.prompt[0] !== half[i]!.prompt[0]))
})
test('where one prompt has more, no completion is equal to the own one, if that can be', () => {
  const copies = ['a', 'a', 'b', 'b'].map((completion) => ({ prompt: [0], completion: [completion.charCodeAt(0)] }))
  for (let seed = 0; seed < 20; seed++)
    assert.ok(mismatch(copies, seed).every((other, i) => copies[other]!.completion[0] !== copies[i]!.completion[0]))
})

test('the lengths of batches: four an octave', () => {
  const lengths = [...new Set(Array.from({ length: 128 }, (_, i) => bucketLength(i + 1, 1000)))]
  assert.deepEqual(lengths, [4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128])
})
