/** The advice names losses of the catalogue, which learn from the data that it is about. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { advice } from '../../app/inputs/advice.ts'
import { catalogue, getOrThrow, learnsFrom } from '../../halos/index.ts'

const families = new Map((await catalogue()).map((family) => [family.key, getOrThrow(family()).needs] as const))
const evidence: Readonly<Record<string, RegExp>> = {
  'thumbs up and down': /^labels/,
  'thumbs-down alone': /^labels/,
  pairs: /^pairs$/,
  'pairs, no reference model': /^pairs$/,
  'pairs with scores': /^pairs with scores$/,
  'rewards of sampled answers': /^labels/,
  'scored answers to a prompt': /^demonstrations with shares$/,
  'answers to imitate': /^demonstrations$/,
}
test('each line of advice names losses that learn from that data, and without a reference model where it says so', () => {
  for (const [data, losses] of advice) {
    const named = [...new Set(losses.match(/[a-z]+(-[a-z]+)*/g))].filter((word) => families.has(word))
    assert.ok(named.length > 0, data)
    for (const key of named) {
      // Demonstrations are also called a stage in the advice on others.
      assert.match(learnsFrom(families.get(key)!), evidence[data]!, `${data}: ${key}`)
      if (data.includes('no reference')) assert.equal(families.get(key)!.reference, false, key)
    }
  }
})
