/** CSFT from the command line: a model learns what is liked and what is not, is asked for what is liked, and says neither token. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { halograd, jsonLines, temporary, tinyModel } from './fixture.ts'

const folder = temporary()
const model = await tinyModel(join(folder, 'model'))
const rows = ['cat', 'dog', 'mat', 'hen'].flatMap((animal) => [
  { prompt: `the ${animal} is`, completion: ' good', label: true },
  { prompt: `the ${animal} is`, completion: ' bad', label: false },
])
const data = jsonLines(join(folder, 'judged.jsonl'), rows)
const out = join(folder, 'csft')
const align = (halo: string, ...more: readonly string[]) =>
  halograd('align', '--halo', halo, '--model', model, '--data', data, '--out', out, '--batch', '8', '--eval', '0', '--lr', '0.03', ...more)
const generate = async (...more: readonly string[]) => {
  const {
    out: text,
    err,
    code,
  } = await halograd(...['generate', '--model', out, '--prompt', 'the dog is', '--max-tokens', '3', '--temperature', '0'], ...more)
  assert.equal(code, 0, err)
  return text
}

test('the same prompt is answered well when asked well, and badly when asked badly', async () => {
  const { code, err } = await align('csft', '--steps', '60', '--control', '(+),(-)')
  assert.equal(code, 0, err)
  assert.deepEqual(JSON.parse(readFileSync(join(out, 'control.json'), 'utf8')), { desirable: '(+)', undesirable: '(-)' })
  assert.equal(await generate(), 'the dog is good\n')
  assert.equal(await generate('--control', '(-)'), 'the dog is bad\n')
  assert.equal(JSON.parse(await generate('--json')).text, 'the dog is good')
})

test('what a model of other losses never learnt, it does not seem to know', async () => {
  assert.equal((await align('csft', '--steps', '1')).code, 0)
  assert.deepEqual(JSON.parse(readFileSync(join(out, 'control.json'), 'utf8')), { desirable: '<|good|>', undesirable: '<|bad|>' })
  assert.equal((await align('kto', '--steps', '1')).code, 0)
  assert.equal(existsSync(join(out, 'control.json')), false)
})

test('control tokens that are none, or not for this loss, are refused', async () => {
  for (const [halo, control, says] of [
    ['csft', 'good', /--control: expected two different texts/],
    ['csft', 'good,good', /--control: expected two different texts/],
    ['kto', '<|good|>,<|bad|>', /--control: KTO knows no control tokens/],
  ] as const) {
    const { code, err } = await align(halo, '--control', control)
    assert.equal(code, 2)
    assert.match(err, says)
  }
  writeFileSync(join(out, 'control.json'), '{"desirable": 1}')
  const { code, err } = await halograd('generate', '--model', out, '--prompt', 'the')
  assert.equal(code, 1)
  assert.match(err, /control\.json: expected \{"desirable"/)
})
