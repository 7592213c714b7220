/** `halograd data check`: what it reports, in words and as JSON, and when it fails. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { halograd, jsonLines, judged, temporary, texts, tinyModel } from './fixture.ts'

const folder = temporary()

test('sound data: counts, balance and lengths; exit code 0', async () => {
  const run = await halograd('data', 'check', jsonLines(join(folder, 'judged.jsonl'), judged))
  assert.equal(run.code, 0, run.err)
  assert.match(run.err, /16 judged completions, of 16 distinct prompts\nlabels: 8 desirable, 8 undesirable\n/)
  assert.match(run.err, /characters +least +median +95 % +most\n +prompt +10 +11 +12 +12\n/)
  assert.doesNotMatch(run.err, /warning/)
})

test("lengths in a model's tokens, against its context", async () => {
  const model = await tinyModel(join(folder, 'model'))
  const file = jsonLines(join(folder, 'long.jsonl'), [...texts, { text: 'the cat sat. '.repeat(40) }])
  const run = await halograd('data', 'check', file, '--model', model, '--json')
  assert.equal(run.code, 0, run.err)
  const { context, lengths, kind } = JSON.parse(run.out)
  assert.deepEqual([context, kind], [32, 'text'])
  assert.ok(lengths.together.most > 32)
  // Beginning and end of text included, as in training.
  assert.deepEqual([lengths.prompt.most, lengths.completion.least > 1], [1, true])
  assert.match((await halograd('data', 'check', file, '--model', model)).err, /longer than the model's context of 32 tokens/)
})

test('everything that is wrong is told, beyond the first twenty; exit code 1', async () => {
  const [good, bad] = [judged.filter(({ label }) => label), { prompt: 'p', completion: '', label: 'yes' }]
  const run = await halograd('data', 'check', jsonLines(join(folder, 'bad.jsonl'), [...good, good[0], ...Array(30).fill(bad), 7]))
  assert.equal(run.code, 1)
  for (let line = 10; line < 40; line++) assert.match(run.err, new RegExp(`line ${line}, field label: expected true or false, found "yes"`))
  assert.match(run.err, /line 40: expected a JSON object, found 7/)
  assert.match(run.err, /warning: 9 desirable and 0 undesirable/)
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
