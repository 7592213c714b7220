/** The demo, small, in both worlds: it shows an improvement that is no accident, reports it honestly, and leaves a model that generates. And what it is made of. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { book } from '../../app/demo/book.ts'
import { counted } from '../../app/demo/comparison.ts'
import { pick, templates, write } from '../../app/demo/grammar.ts'
import { drawPrompts, learnTokenizer, windows } from '../../app/demo/prompts.ts'
import { asking, closing, digression, evasive, items, opening, rude, topics } from '../../app/demo/support/topics.ts'
import { world as moby } from '../../app/demo/worlds/moby-dick.ts'
import { conversations, world as support } from '../../app/demo/worlds/support.ts'
import { distinctPairs, repetition } from '../../app/inputs/texts.ts'
import { draw, stream } from '../../core/internal.ts'
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

test('the human of Moby-Dick adds up the different words of a text', () => {
  const { judge, phrases } = moby
  assert.deepEqual(
    ['good good Good', 'a good, bad day', 'like a whale'].map((text) => judge('', text).score),
    [3, 0, 0],
  )
  assert.deepEqual(judge('', 'a good whale').qualities, { 'thumbs up': true, 'thumbs down': false })
  assert.deepEqual(counted(['a good whale', 'good and great'], phrases.of), [
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

// ------------------------------------------------------------------ the support chat

/** Chance that is the same every time. */
const chance = (seed: number) => {
  let index = 0
  return () => draw(stream(seed, 3), index++)
}
const asked = (question: string): string => `<|customer|>${question}<|agent|>`

test('a grammar writes each of its alternatives, fills its slots, and refuses a bracket without a partner', () => {
  const text = '[How|In what way] do I [return|send back|keep] the {item}?'
  const draws = chance(1)
  const written = new Set(Array.from({ length: 200 }, () => write(text, { item: 'lamp' }, draws)))
  assert.equal(written.size, 6)
  assert.equal(templates(text), 6)
  assert.ok(written.has('In what way do I send back the lamp?'))
  for (const wrong of ['[How do I', 'How] do I']) assert.throws(() => write(wrong, {}, draws), SyntaxError)
})

test('there are several hundred templates; every question is of one topic, and its right answers are right, its wrong ones wrong', () => {
  const all = topics.flatMap(({ asks, right, wrong }) => [...asks, ...right, ...wrong])
  assert.ok([asking, opening, closing, ...rude, ...evasive, ...digression, ...all].reduce((n, text) => n + templates(text), 0) >= 300)
  const draws = chance(2)
  for (const topic of topics)
    for (let i = 0; i < 40; i++) {
      const slots = { item: pick(items, draws) }
      const say = (texts: readonly string[]): string => write(pick(texts, draws), slots, draws)
      const question = say(topic.asks)
      assert.deepEqual(
        topics.filter(({ about }) => about.test(question)),
        [topic],
        question,
      )
      const [right, wrong] = [say(topic.right), say(topic.wrong)]
      assert.deepEqual(
        support.judge(asked(question), right).qualities,
        { right: true, polite: true, short: true, 'all three': true },
        right,
      )
      assert.equal(support.judge(asked(question), wrong).qualities.right, false, wrong)
    }
})

test('customers read the conversation: the topic, the item, the manners, the length', () => {
  const at = (answer: string, question = 'How long is the warranty of the lamp?') => support.judge(asked(question), answer)
  const right = 'The lamp has a warranty of two years.'
  assert.equal(at(right).score, 4)
  assert.equal(at('The vase has a warranty of two years.').qualities.right, false)
  assert.equal(at(right, 'How do I clean the lamp?').qualities.right, false)
  assert.equal(at(`Read the page. ${right}`).score, 3)
  assert.equal(at(`${right} ${'The weather is lovely today, is it not? '.repeat(3)}`).qualities.short, false)
  assert.equal(at('').score, 1)
})

test('one thumb in ten is wrong, four customers in ten press none', () => {
  const opinion = support.judge(asked('Is there a warranty?'), 'There is a warranty of two years.')
  const draws = chance(4)
  const thumbs = Array.from({ length: 4000 }, () => support.thumb(opinion, draws()))
  const share = (label: boolean | undefined) => thumbs.filter((thumb) => thumb === label).length / thumbs.length
  assert.ok(Math.abs(share(undefined) - 0.4) < 0.03 && Math.abs(share(false) - 0.06) < 0.015, `${share(undefined)}, ${share(false)}`)
})

test('conversations are those of their seed, and no answer is empty', () => {
  assert.deepEqual(conversations(20, 5), conversations(20, 5))
  assert.notDeepEqual(conversations(20, 5), conversations(20, 6))
  for (const turns of conversations(500, 5))
    for (const { customer, agent } of turns) assert.ok(customer !== '' && /[.?]$/.test(agent), agent)
})

// ------------------------------------------------------------------ the whole demo, small

test('Moby-Dick, small, improves clearly, and says what it cost', async () => {
  const out = join(folder, 'moby')
  const run = await halograd('demo', '--world', 'moby-dick', '--size', 'small', '--threads', '1', '--out', out, '--json')
  assert.equal(run.code, 0, run.err)
  const report = JSON.parse(run.out)
  const { 'thumbs up': up, 'thumbs down': down } = report.shares
  assert.ok(report.winRate.low > 0.5, `win rate ${report.winRate.rate}`)
  assert.ok(up.after.rate > up.before.rate && down.after.rate < down.before.rate)
  assert.ok(report.kl > 0 && report.heldOutLoss.after > report.heldOutLoss.before)
  assert.ok(report.phrases.after.length > 0)
  assert.equal(report.samples.length, 4)
  const text = await halograd('generate', '--model', report.out, '--prompt', 'the white whale', '--max-tokens', '8', '--threads', '1')
  assert.equal(text.code, 0, text.err)
  assert.match(text.out, /^the white whale/)
})

test('the support chat, small, improves clearly, and leaves a model to chat with', async () => {
  const out = join(folder, 'support')
  const run = await halograd('demo', '--size', 'small', '--threads', '1', '--out', out)
  assert.equal(run.code, 0, run.err)
  const { report } = JSON.parse(readFileSync(join(out, 'demo.json'), 'utf8'))
  assert.equal(report.world, 'support')
  assert.ok(report.winRate.low > 0.5, `win rate ${report.winRate.rate}`)
  const { polite, 'all three': satisfied } = report.shares
  assert.ok(satisfied.after.low > satisfied.before.rate && polite.after.rate >= polite.before.rate, JSON.stringify(report.shares))
  for (const says of [
    /customer {3}\S/,
    /before {3}.*[✓✗]/,
    /interval \d+ % to \d+ %/,
    /KL from the model before/,
    /words an answer/,
    /halograd chat --model/,
  ])
    assert.match(run.err, says)
  const messages = join(folder, 'messages.json')
  writeFileSync(messages, JSON.stringify([{ role: 'user', content: 'Is there a warranty?' }]))
  const chat = await halograd('generate', '--model', out, '--messages', messages, '--max-tokens', '12', '--threads', '1')
  assert.equal(chat.code, 0, chat.err)
})

test('a world that is not there is named, with those that are', async () => {
  const { code, err } = await halograd('demo', '--world', 'mars')
  assert.equal(code, 2, err)
  assert.match(err, /mars.*moby-dick, support/s)
})
