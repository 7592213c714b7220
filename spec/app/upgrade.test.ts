/** A run that is gone on with by another halograd, on another machine, or on another day: it is told, or refused unless one insists; and never silent. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { checkSame, type Identity, identityIn } from '../../app/run/identity.ts'
import { halograd, interrupted, jsonLines, temporary, tinyModel } from './fixture.ts'

const folder = temporary()

const begun: Identity = {
  ...{ options: { lr: '0.1' }, version: '0.1.0', numerics: '1', arithmetic: 'exact', examples: 'a' },
}
const on = (now: Partial<Identity>, insist = false) => checkSame('out', begun, { ...begun, ...now }, insist)

test('the same run says nothing; another version with the same numbers is told', () => {
  assert.deepEqual(on({}), [])
  assert.deepEqual(on({ version: '0.2.0' }), ['begun with halograd 0.1.0, goes on with 0.2.0'])
  assert.match(
    on({ arithmetic: 'fused' }).join(),
    /began with exact arithmetic and goes on with fused: as it would have, but not to the last bit/,
  )
})

test('other numbers are refused with what changed, and gone on with where one insists; other options always refused', () => {
  for (const [now, says] of [
    [{ version: '0.2.0', numerics: '2' }, /halograd 0\.2\.0 computes otherwise than 0\.1\.0/],
    [{ examples: 'b' }, /the prompts are others.*date/],
  ] as const) {
    assert.throws(() => on(now), says)
    assert.match(on(now, true).join('\n'), says)
  }
  assert.throws(() => on({ options: { lr: '0.2' } }, true), /--lr: began with 0\.1, now 0\.2/)
})

test('a checkpoint from before all this was noted tells its options', () => {
  assert.deepEqual(identityIn({ lr: '0.1', batch: '4' }), { options: { lr: '0.1', batch: '4' } })
  assert.deepEqual(identityIn(begun), begun)
  assert.deepEqual(checkSame('out', identityIn({ lr: '0.1' }), begun, false), [])
})

test('a template that writes the date gives other prompts tomorrow: --resume notices, and run.json says what the run was made with', async () => {
  const model = await tinyModel(join(folder, 'model'), { context: 64 })
  const file = join(model, 'tokenizer_config.json')
  const template = '{{ strftime_now("%d") }}{% for m in messages %}{{ m.content }}{% endfor %}'
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), chat_template: template }))
  const rows = Array.from({ length: 8 }, (_, i) => ({
    messages: [
      { role: 'user', content: `the cat ${i}` },
      { role: 'assistant', content: ' sat' },
    ],
  }))
  const out = join(folder, 'out')
  const args = ['train', 'sft', '--model', model, '--data', jsonLines(join(folder, 'chats.jsonl'), rows), '--out', out]
  const options = ['--steps', '4', '--batch', '4', '--eval', '0', '--threads', '1', '--exact']
  const stopped = await interrupted(/ 1\/4 · loss/, ...args, ...options)
  assert.equal(stopped.code, 130, stopped.err)
  const { version, numerics, arithmetic } = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'))
  assert.deepEqual([typeof version, typeof numerics, arithmetic], ['string', 'string', 'exact'])
  const today = Date
  class Tomorrow extends today {
    constructor() {
      super(today.now() + 86_400_000)
    }
  }
  globalThis.Date = Object.assign(Tomorrow, { now: () => today.now() + 86_400_000 }) as DateConstructor
  const refused = await halograd(...args, ...options, '--resume').finally(() => {
    globalThis.Date = today
  })
  assert.equal(refused.code, 2, refused.err)
  assert.match(refused.err, /the prompts are others, though the files are the same/)
  const resumed = await halograd(...args, ...options, '--resume')
  assert.equal(resumed.code, 0, resumed.err)
  assert.match(resumed.err, /resumed after step 1\n/)
})
