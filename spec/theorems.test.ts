/** Every theorem holds, every control is refuted, and docs/theory.md says so. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { section } from '../app/terminal/documents.ts'
import { maker, prove, refute, tableOf, theorems } from './theorem.ts'

const all = await theorems()

for (const theorem of all) {
  test(`${theorem.name}: ${theorem.statement}`, () => prove(theorem))
  for (const control of theorem.controls)
    test(`${theorem.name}, control: refuted by ${control.of}`, async (t) => t.diagnostic(`refuted by ${await refute(theorem, control)}`))
}

test('every theorem has a name of its own and a control', () => {
  assert.equal(new Set(all.map(({ name }) => name)).size, all.length)
  for (const { name, controls } of all) assert.ok(controls.length > 0, name)
})

test('the table of docs/theory.md is what was found here', async () => {
  const readme = readFileSync(new URL('../docs/theory.md', import.meta.url), 'utf8')
  assert.ok(readme.includes(section(maker, await tableOf(all))), 'docs/theory.md is stale: npm run theorems')
})
