/** Options by file: they stand for flags, flags win, every flaw is told at once, and what a run saves is such a file. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { halograd, jsonLines, judged, temporary, tinyModel } from './fixture.ts'

const folder = temporary()
const model = await tinyModel(join(folder, 'model'))
const data = jsonLines(join(folder, 'judged.jsonl'), judged)
const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
const savedIn = (out: string) => JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'))
const metricsIn = (out: string) => readFileSync(join(out, 'metrics.jsonl'), 'utf8')

const out = join(folder, 'out')
const yaml = file(
  'run.yaml',
  `# what is not here has its default
halo: kto
set: {desirable: 1.2}   # a list of settings is a map
model: ${model}
data: ${data}
out: ${out}
steps: 3
batch: 4
lr: 2e-2
eval: 0.25
best: false
max-length:
backend: reference
`,
)

test('a file is the flags that it names', async () => {
  const byFile = await halograd('align', '--config', yaml)
  assert.equal(byFile.code, 0, byFile.err)
  const flags = ['--halo', 'kto', '--set', 'desirable=1.2', '--model', model, '--data', data, '--steps', '3', '--batch', '4']
  const typed = join(folder, 'typed')
  const byFlags = await halograd('align', ...flags, '--lr', '0.02', '--eval', '0.25', '--backend', 'reference', '--out', typed)
  assert.equal(byFlags.code, 0, byFlags.err)
  assert.equal(metricsIn(out), metricsIn(typed))
  assert.deepEqual({ ...savedIn(out), out: typed }, savedIn(typed))
})

test('flags win, wherever they stand; what the run saves is a configuration again', async () => {
  const second = join(folder, 'second')
  const first = await halograd('align', '--seed', '3', '--config', yaml, '--set', 'undesirable=1.1', '--out', second, '--steps', '2')
  assert.equal(first.code, 0, first.err)
  const saved = savedIn(second)
  assert.deepEqual(
    [saved.command, saved.seed, saved.steps, saved.lr, saved.set, saved.epochs],
    ['align', 3, 2, 0.02, { desirable: 1.2, undesirable: 1.1 }, 1],
  )
  const third = join(folder, 'third')
  const again = await halograd('align', `--config=${join(second, 'run.json')}`, '--out', third)
  assert.equal(again.code, 0, again.err)
  assert.equal(metricsIn(third), metricsIn(second))
  assert.deepEqual({ ...savedIn(third), out: second }, saved)
})

test('every flaw of a file is told at once, with its line, and nothing is run', async () => {
  const flawed = file(
    'flawed.yaml',
    `halo: kto
modle: ${model}
data: [a, b]
lr: fast
batch: -3
best: maybe
blas: on
set: {desirable: much}
steps: 1.5
command: train sft
resume: true
out: ${join(folder, 'nothing')}
`,
  )
  const { code, err } = await halograd('align', '--config', flawed)
  assert.equal(code, 1)
  for (const said of [
    /flawed\.yaml:2, field modle: expected one of halo, .*found modle\. Did you mean model or mode\?/,
    /flawed\.yaml:3, field data: expected one text or number, found \["a","b"\]/,
    /flawed\.yaml:4, field lr: expected a number > 0, found "fast"/,
    /flawed\.yaml:5, field batch: expected an integer from 1 .*, found -3/,
    /flawed\.yaml:6, field best: expected true or false, found "maybe"/,
    /flawed\.yaml:7, field blas: expected one of off, auto, found "on"/,
    /flawed\.yaml:8, field set: expected name=number, .*found \{"desirable":"much"\}/,
    /flawed\.yaml:9, field steps: expected an integer/,
    /flawed\.yaml:10, field command: expected align, found "train sft"/,
    /flawed\.yaml:11, field resume: expected one of/,
  ])
    assert.match(err, said)
  assert.equal(err.trim().split('\n').length, 10)
  assert.ok(!existsSync(join(folder, 'nothing')))
})

test('what is no configuration is refused', async () => {
  const refused = async (path: string, says: RegExp) => {
    const { code, err } = await halograd('align', '--config', path)
    assert.notEqual(code, 0)
    assert.match(err, says)
  }
  await refused(file('indented.yaml', 'halo: kto\n  model: x\n'), /indented\.yaml:\d: expected YAML or JSON, found .*\. Correct the line/)
  await refused(file('twice.yaml', 'lr: 1\nlr: 2\n'), /twice\.yaml:2: .*Map keys must be unique/)
  await refused(file('list.json', '["kto"]'), /list\.json: expected options by name, such as `batch: 32`/)
  await refused(join(folder, 'absent.yaml'), /absent\.yaml: .*no such file/)
  await refused(file('few.yaml', 'halo: kto\n'), /required option '--model <dir>' not specified/)
})

test('flags that contradict each other are told together', async () => {
  const args = ['--config', yaml, '--batch', '1', '--accumulate', '2', '--best', '--save-every', '0', '--out', model]
  const { code, err } = await halograd('align', ...args)
  assert.equal(code, 2)
  for (const said of [/--batch 1: KTO needs/, /--accumulate 2: /, /--out is --model/, /--best: .*--save-every 0/]) assert.match(err, said)
})
