/** The demo, small: it shows an improvement that is no accident, reports it honestly, and leaves a model that generates. And what it is made of. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test from 'node:test'
import { book } from '../../app/demo/book.ts'
import { positiveWords, score } from '../../app/demo/human.ts'
import { drawPrompts, learnTokenizer, windows } from '../../app/demo/prompts.ts'
import { distinctPairs, repetition } from '../../app/inputs/texts.ts'
import { halograd, temporary } from './fixture.ts'

const folder = temporary()

test('the book is plain, and its held-out chapters are not in it', () => {
  const { training, heldOut } = book()
  assert.equal(training.length + heldOut.length, 139)
  assert.equal(heldOut.length, 13)
  assert.match(training.join(' '), /^[ -@[-~]*$/, 'lower-case ASCII')
  assert.ok(training.some((text) => text.startsWith('call me ishmael.')))
  for (const text of heldOut) assert.ok(!training.includes(text))
})

test('the human adds up the different words of a text', () => {
  assert.equal(score('good good Good'), 3)
  assert.equal(score('a good, bad day'), 0)
  assert.equal(score('like a whale'), 0)
  assert.deepEqual(positiveWords(['a good whale', 'good and great']), [
    ['good', 2],
    ['great', 1],
  ])
  assert.equal(distinctPairs(['a b a b']), 2 / 3)
  assert.equal(repetition(['a b', 'a a']), 1 / 4)
})

test('prompts begin and end with whole words; windows overlap by half', () => {
  const { training } = book()
  const tokenizer = learnTokenizer(training.slice(3, 6), 600)
  const texts = training.slice(3, 5).map((text) => tokenizer.encode(text))
  for (const prompt of drawPrompts(texts, tokenizer, { count: 50, length: 6, seed: 1 })) {
    assert.equal(prompt.length, 6)
    const text = tokenizer.decode(prompt)
    assert.match(text, /^ [a-z]/)
    assert.ok(training.some((whole) => whole.includes(`${text} `)))
  }
  const some = windows([[0, 1, 2, 3, 4, 5, 6, 7]], 4).map(({ outcome }) => outcome.completion)
  assert.deepEqual(some, [
    [0, 1, 2, 3],
    [2, 3, 4, 5],
    [4, 5, 6, 7],
  ])
})

test('the small demo improves clearly, and says what it cost', async () => {
  const run = await halograd('demo', '--size', 'small', '--threads', '1', '--out', join(folder, 'demo'), '--json')
  assert.equal(run.code, 0, run.err)
  const report = JSON.parse(run.out)
  assert.ok(report.winRate.low > 0.5, `win rate ${report.winRate.rate}`)
  assert.ok(report.positive.after.rate > report.positive.before.rate)
  assert.ok(report.negative.after.rate < report.negative.before.rate)
  assert.ok(report.kl > 0 && report.heldOutLoss.after > report.heldOutLoss.before)
  assert.ok(report.positiveWords.after.length > 0)
  assert.equal(report.samples.length, 3)
  const text = await halograd('generate', '--model', report.out, '--prompt', 'the white whale', '--max-tokens', '8', '--threads', '1')
  assert.equal(text.code, 0, text.err)
  assert.match(text.out, /^the white whale/)
})
