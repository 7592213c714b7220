/** The table of verdicts: what docs/theory.md says of the catalogue is what is found here; every HALO of it is proved for all settings there are. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { catalogue } from '../../halos/index.ts'
import { rulingOf, tableOfVerdicts } from '../../halos/internal.ts'

const rulings = (await catalogue()).map(rulingOf)

test('docs/theory.md has the table of verdicts', () => {
  const text = readFileSync(new URL('../../docs/theory.md', import.meta.url), 'utf8')
  assert.ok(text.includes(tableOfVerdicts(rulings)), 'docs/theory.md is stale: npm run theorems')
})

test('what is switched on leaves the class, and the witness is given', () => {
  const of = (key: string) => rulings.find((ruling) => ruling.key === key)!
  for (const key of ['cpo', 'simpo', 'dpo-js']) {
    const [smoothed] = of(key).otherwise
    assert.equal(smoothed?.verdict, 'not a HALO', key)
    assert.match(smoothed?.because ?? '', /not monotone: at /)
  }
  assert.equal(of('dpo').settings, 'β > 0')
  assert.match(of('ppo-clip').because ?? '', /^flat beyond u = 700/)
})
