/** `halograd data`: what a check reports, in words and as JSON, and when it fails; what a conversion writes; what a run says of its data. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { halograd, jsonLines, judged, pairs, temporary, texts, tinyModel } from './fixture.ts'

const folder = temporary()

test('sound data: counts, balance and lengths; exit code 0', async () => {
  const run = await halograd('data', 'check', jsonLines(join(folder, 'judged.jsonl'), judged))
  assert.equal(run.code, 0, run.err)
  assert.match(run.err, /16 judged completions, of 16 distinct prompts\nlabels: 8 desirable, 8 undesirable\n/)
  assert.match(run.err, /characters +least +median +95 % +most\n +prompt +10 +11 +12 +12\n/)
  assert.doesNotMatch(run.err, /warning/)
})

test('limits of what is read are options, and an error that one of them causes names it', async () => {
  const file = jsonLines(join(folder, 'limits.jsonl'), judged)
  const refused = await halograd('data', 'check', file, '--max-line', '20')
  assert.notEqual(refused.code, 0)
  assert.match(refused.err, /limits\.jsonl:1: expected at most 20 characters on a line, found more.*--max-line/s)
  assert.equal((await halograd('data', 'check', file, '--max-line', '2000', '--max-unpacked', '9', '--parquet-time', '1')).code, 0)
})

test('a file that is larger than memory is read as it comes', () => {
  const file = join(folder, 'large.jsonl')
  const text = 'x'.repeat(1_000_000)
  for (let i = 0; i < 150; i++) appendFileSync(file, `${JSON.stringify({ prompt: `${i}`, completion: text, label: i % 2 === 0 })}\n`)
  const bin = join(dirname(fileURLToPath(import.meta.url)), '../../app/cli/halograd.mjs')
  const { status, stderr } = spawnSync(process.execPath, ['--max-old-space-size=100', bin, 'data', 'check', file], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  assert.match(stderr, /150 judged completions, of 150 distinct prompts/)
})

test("lengths in a model's tokens, against its context", async () => {
  const model = await tinyModel(join(folder, 'model'))
  const file = jsonLines(join(folder, 'long.jsonl'), [...texts, { text: 'the cat sat. '.repeat(40) }])
  const run = await halograd('data', 'check', file, '--model', model, '--json')
  assert.equal(run.code, 0, run.err)
  const { context, lengths, kind, longer } = JSON.parse(run.out)
  assert.deepEqual([context, kind, longer], [32, 'text', [9]])
  assert.ok(lengths.together.most > 32)
  // Beginning and end of text included, as in training.
  assert.deepEqual([lengths.prompt.most, lengths.completion.least > 1], [1, true])
  assert.match(
    (await halograd('data', 'check', file, '--model', model)).err,
    /1 lines are longer than the model's context of 32 tokens .*: 9\n/,
  )
})

test('everything that is wrong is told, beyond the first twenty; exit code 1', async () => {
  const [good, bad] = [judged.filter(({ label }) => label), { prompt: 'p', completion: '', label: 'maybe' }]
  const run = await halograd('data', 'check', jsonLines(join(folder, 'bad.jsonl'), [...good, good[0], ...Array(30).fill(bad), 7]))
  assert.equal(run.code, 1)
  for (let line = 10; line < 40; line++)
    assert.match(run.err, new RegExp(`bad\\.jsonl:${line}, field label: expected true or false, found "maybe"`))
  assert.match(run.err, /bad\.jsonl:40: expected a JSON object, found 7/)
  assert.match(run.err, /warning: 9 desirable .*and 0 undesirable/)
  assert.match(run.err, /warning: 2 lines say the same: 1 = 9/)
  assert.match(run.err, /error: .*bad\.jsonl: expected every line well-formed, found 31 of 40 that cannot be used/)
  const json = await halograd('data', 'check', join(folder, 'bad.jsonl'), '--json')
  assert.deepEqual([json.code, JSON.parse(json.out).findings.length], [1, 61])
})

test('CSV is data, too; an empty or absent file is not', async () => {
  const csv = join(folder, 'a.csv')
  writeFileSync(csv, 'prompt,completion,label\nhow?,so,true\nhow?,so,false\n')
  const run = await halograd('data', 'check', csv)
  assert.equal(run.code, 0, run.err)
  assert.match(run.err, /warning: 2 lines contradict each other: 2 = 3/)
  assert.match((await halograd('data', 'check', jsonLines(join(folder, 'empty.jsonl'), []))).err, /found an empty file/)
  assert.match((await halograd('data', 'check', join(folder, 'absent.parquet'))).err, /no such file/)
})

const read = (file: string): readonly unknown[] =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

test('conversion: pairs are labels, labels of one prompt are pairs, the good is to be imitated', async () => {
  const both = pairs.flatMap(({ prompt, chosen, rejected }) => [
    { prompt, completion: chosen, label: true },
    { prompt, completion: rejected, label: false },
  ])
  const [file, labels, back, good] = ['pairs', 'labels', 'back', 'good'].map((name) => join(folder, `${name}.jsonl`)) as [
    string,
    string,
    string,
    string,
  ]
  const run = await halograd('data', 'convert', jsonLines(file, pairs), labels, '--to', 'labels', '--json')
  assert.equal(run.code, 0, run.err)
  assert.deepEqual(JSON.parse(run.out), { out: labels, to: 'labels', read: 8, skipped: [], written: 16, left: 0 })
  assert.deepEqual(read(labels), both)
  assert.equal((await halograd('data', 'convert', labels, back, '--to', 'pairs')).code, 0)
  assert.deepEqual(read(back), pairs)
  const sft = await halograd('data', 'convert', labels, good, '--to', 'demonstrations')
  assert.match(sft.err, /16 rows read, 8 demonstrations written to .*; 8 rows left out: they are undesirable/)
  assert.deepEqual(
    read(good),
    pairs.map(({ prompt, chosen }) => ({ prompt, completion: chosen })),
  )
})

test('conversion: conversations in words, from any file; what cannot be made is refused, and nothing is written', async () => {
  const turns = [
    { role: 'user', content: 'How?' },
    { role: 'assistant', content: 'So.' },
  ]
  const chat = jsonLines(join(folder, 'chat.jsonl'), [{ messages: turns }])
  const out = join(folder, 'texts.jsonl')
  assert.equal((await halograd('data', 'convert', chat, out, '--to', 'demonstrations')).code, 0)
  assert.deepEqual(read(out), [{ prompt: 'user: How?\nassistant:', completion: ' So.' }])
  const flawed = jsonLines(join(folder, 'flawed.jsonl'), [...pairs, { prompt: 'p', chosen: '', rejected: 'x' }])
  const some = await halograd('data', 'convert', flawed, out, '--to', 'pairs', '--skip')
  assert.equal(some.code, 0, some.err)
  assert.match(some.err, /warning: 1 lines that cannot be used are skipped: 9 /)
  assert.deepEqual(read(out), pairs)
  const never = join(folder, 'never.jsonl')
  const refused = async (message: RegExp, ...args: readonly string[]) => {
    const { code, err } = await halograd('data', 'convert', ...args)
    assert.ok(code !== 0 && !existsSync(never))
    assert.match(err, message)
  }
  await refused(/expected labelled completions or pairs, found demonstration completions/, chat, never, '--to', 'labels')
  await refused(/flawed\.jsonl:9, field chosen: expected a text/, flawed, never, '--to', 'pairs')
  const alone = jsonLines(join(folder, 'alone.jsonl'), judged)
  await refused(/expected rows that make pairs, found 16 that do not\. All of them have no counterpart/, alone, never, '--to', 'pairs')
  await refused(/never\.csv: what is written is JSON Lines/, alone, join(folder, 'never.csv'), '--to', 'labels')
  await refused(/required option '--to <shape>' not specified/, alone, never)
})

test('a run tells of rows that repeat and of examples that are too long, and does with them as it is told', async () => {
  const model = await tinyModel(join(folder, 'runs'))
  const long = { prompt: 'the cat '.repeat(30), completion: ' good', label: true }
  const file = jsonLines(join(folder, 'repeated.jsonl'), [...judged, long, judged[0], { ...judged[1], label: true }])
  const run = (...args: readonly string[]) =>
    halograd(
      ...['align', '--halo', 'kto', '--model', model, '--data', file, '--out', join(folder, 'run'), '--steps', '1', '--batch', '4'],
      ...['--eval', '0', '--backend', 'reference', ...args],
    )
  const usual = await run()
  assert.equal(usual.code, 0, usual.err)
  assert.match(usual.err, /warning: 2 lines say the same: .*repeated\.jsonl:1 = .*repeated\.jsonl:18/)
  assert.match(usual.err, /warning: 2 lines contradict each other: .*repeated\.jsonl:2 = .*repeated\.jsonl:19/)
  assert.match(
    usual.err,
    /warning: 1 of 19 examples are longer than 32 tokens \(first: .*repeated\.jsonl:17\): 1 lose the beginning of the prompt, 0 the end/,
  )
  assert.match((await run('--truncate', 'completion-end')).err, /1 lose the beginning of the prompt, 1 the end of the completion/)
  assert.match((await run('--truncate', 'drop')).err, /longer than 32 tokens .*: they are left out\n[\s\S]*KTO: 18 examples/)
  const refused = await run('--truncate', 'refuse')
  assert.equal(refused.code, 1)
  assert.match(refused.err, /repeated\.jsonl:17: expected at most 32 tokens, found \d+\. Shorten it, or let --truncate cut it or drop it/)
})
