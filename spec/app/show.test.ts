/** `halograd data show`: rows as training reads them; and conversations that are too long lose whole turns. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadCheckpoint } from '../../app/inputs/checkpoint.ts'
import { exampleOf, examplesFor, holdOut, readingFor, readLocated } from '../../app/inputs/examples.ts'
import { findLoss } from '../../app/inputs/losses.ts'
import { halograd, jsonLines, temporary, tinyModel } from './fixture.ts'

const folder = temporary()
const model = await tinyModel(join(folder, 'model'))
const { tokenizer } = await loadCheckpoint(model)

const { needs } = await findLoss('kto', {})

test('the tokens shown are those that training sees', async () => {
  const file = jsonLines(join(folder, 'judged.jsonl'), [
    { prompt: 'the cat is', completion: ' good', label: true, weight: 0.5 },
    { prompt: 'the dog is', completion: ' bad', label: false },
  ])
  const run = await halograd('data', 'show', file, '--model', model, '--rows', '1', '--json')
  assert.equal(run.code, 0, run.err)
  const { rows, shown } = JSON.parse(run.out)
  assert.equal(rows, 2)
  assert.equal(shown.length, 1)
  assert.deepEqual([shown[0].origin, shown[0].label, shown[0].weight], [`${file}:1`, true, 0.5])
  const [example] = examplesFor(needs, await readLocated(file), file, tokenizer)
  assert.ok(example !== undefined && 'outcome' in example)
  assert.deepEqual(shown[0].texts[0].tokens, example.outcome)
  assert.equal(shown[0].texts[0].eos, 'added after the completion')
  const words = await halograd('data', 'show', file, '--model', model)
  assert.match(words.out, /judged\.jsonl:2 {2}labelled, label false\n {2}prompt +"the dog is"\n {2}completion +" bad"\n/)
  assert.match(words.err, /2 of 2 rows; at most 32 tokens each/)
})

test('an end that the text has is told, and what is cut, left out or refused', async () => {
  const written = jsonLines(join(folder, 'ended.jsonl'), [{ prompt: 'the cat', completion: ' sat.<|end|>' }])
  const [first] = JSON.parse((await halograd('data', 'show', written, '--model', model, '--json')).out).shown
  assert.equal(first.texts[0].eos, 'written in the text')
  const long = jsonLines(join(folder, 'long.jsonl'), [{ prompt: 'the cat sat on the mat. '.repeat(9), chosen: ' yes.', rejected: ' no.' }])
  const texts = async (...args: readonly string[]) =>
    JSON.parse((await halograd('data', 'show', long, '--model', model, '--json', ...args)).out).shown[0].texts
  const [chosen, rejected] = await texts()
  assert.ok(chosen.cut.prompt > 0 && chosen.cut.completion === 0)
  assert.equal(chosen.cut.prompt, rejected.cut.prompt)
  assert.ok(chosen.tokens.prompt.length + chosen.tokens.completion.length <= 32)
  assert.equal((await texts('--truncate', 'drop'))[0].left, 'left out: too long')
  assert.equal((await texts('--truncate', 'refuse'))[0].left, 'refused: too long')
})

test('conversations are cut between turns, alike for both sides of a pair, and it is told', async () => {
  const turns = (n: number) => Array.from({ length: n }, (_, i) => ({ role: i % 2 === 0 ? 'user' : 'assistant', content: `t${i}` }))
  const row = {
    prompt: [{ role: 'system', content: 's' }, ...turns(7)],
    chosen: [{ role: 'assistant', content: 'a'.repeat(30) }],
    rejected: [{ role: 'assistant', content: 'b' }],
  }
  const file = jsonLines(join(folder, 'chat.jsonl'), [row])
  const lengthOf = (prompt: string, completion: string): number => {
    const { prompt: p, completion: c } = exampleOf(tokenizer, prompt, completion)
    return p.length + c.length
  }
  const whole = (await readLocated(file))[0]!
  assert.ok(whole.tag === 'paired')
  const kept = new Set<string>()
  for (let longest = 40; longest <= lengthOf(whole.prompt, whole.chosen); longest += 5) {
    const said: string[] = []
    const [cut] = await readLocated(file, readingFor(tokenizer, longest, 'prompt-start'), (line) => said.push(line))
    assert.ok(cut?.tag === 'paired')
    assert.match(cut.prompt, /^system: s\n(user: t[0246]\nassistant: t[135]\n)*user: t6\nassistant:$/)
    kept.add(cut.prompt)
    const shortest = cut.prompt === 'system: s\nuser: t6\nassistant:'
    assert.ok(shortest || [cut.chosen, cut.rejected].every((text) => lengthOf(cut.prompt, text) <= longest))
    assert.equal(said.length, cut.prompt === whole.prompt ? 0 : 1)
  }
  assert.ok(kept.size >= 3)
  assert.deepEqual((await readLocated(file, readingFor(tokenizer, 10, 'refuse')))[0], whole)
})

test('one prompt for all rows is no reason to hold out all of them', () => {
  const rows = (prompt: string, n: number) =>
    Array.from({ length: n }, (_, i) => ({ tag: 'paired' as const, prompt, chosen: `c${i >> 1}`, rejected: `r${i >> 1}` }))
  for (const prompt of ['', 'Say it like a pirate:']) {
    const { training, heldOut } = holdOut(rows(prompt, 40), 0.1, 3)
    assert.deepEqual([training.length, heldOut.length], [36, 4])
    const seen = new Set(training.map(({ chosen }) => chosen))
    assert.ok(
      heldOut.every(({ chosen }) => !seen.has(chosen)),
      'a held-out answer was seen',
    )
  }
  // Near miss: a few answers to each of many prompts stay together.
  const many = Array.from({ length: 20 }, (_, i) => rows(`p${i}`, 4)).flat()
  const { training, heldOut } = holdOut(many, 0.1, 3)
  const seen = new Set(training.map(({ prompt }) => prompt))
  assert.ok(heldOut.length > 0 && heldOut.every(({ prompt }) => !seen.has(prompt)))
})

test('a conversion to the shape of another program is the mapping run backwards; what does not fit is refused', async () => {
  const judged = jsonLines(join(folder, 'labels.jsonl'), [
    { prompt: 'p', completion: 'good', label: true },
    { prompt: 'p', completion: 'bad', label: false },
    { prompt: 'q', completion: 'alone', label: true },
  ])
  const out = join(folder, 'out.jsonl')
  const refused = await halograd('data', 'convert', judged, out, '--to', 'openai')
  assert.equal(refused.code, 1)
  assert.match(refused.err, /expected rows that make pairs, found 1 that do not .*labels\.jsonl:3\): no counterpart/)
  const run = await halograd('data', 'convert', judged, out, '--to', 'openai', '--skip')
  assert.equal(run.code, 0, run.err)
  assert.deepEqual(JSON.parse(readFileSync(out, 'utf8')), {
    input: { messages: [{ role: 'user', content: 'p' }] },
    preferred_output: [{ role: 'assistant', content: 'good' }],
    non_preferred_output: [{ role: 'assistant', content: 'bad' }],
  })
  assert.match(
    (await halograd('data', 'convert', judged, out, '--to', 'nobody')).err,
    /Allowed choices are pairs, labels, demonstrations, trl/,
  )
  const shown = jsonLines(join(folder, 'shown.jsonl'), [
    {
      messages: [
        { role: 'user', content: 'p' },
        { role: 'assistant', content: 'a' },
      ],
    },
  ])
  assert.match((await halograd('data', 'convert', shown, out, '--to', 'openai')).err, /expected pairs, found demonstrations/)
})
