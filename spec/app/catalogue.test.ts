/** Every loss of the catalogue trains, from the same pairs: what it needs of them is its own affair. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test from 'node:test'
import { catalogue } from '../../halos/index.ts'
import { halograd, jsonLines, pairs, temporary, tinyModel } from './fixture.ts'

const folder = temporary()
const model = await tinyModel(join(folder, 'model'))
/** Pairs, and the columns that losses may learn from beside them. */
const data = jsonLines(
  join(folder, 'pairs.jsonl'),
  pairs.map((pair, i) => ({ ...pair, margin: 1 + (i % 3), dispersion: 0.25 + (i % 3) / 4, share: 0.5 + (i % 3) / 2 })),
)

for (const { key } of await catalogue())
  test(`align --halo ${key}`, async () => {
    const args = [
      '--model',
      model,
      '--data',
      data,
      '--out',
      join(folder, key),
      '--steps',
      '2',
      '--batch',
      '4',
      '--lr',
      '0.01',
      '--eval',
      '0',
    ]
    const { code, out, err } = await halograd('align', '--halo', key, ...args, '--backend', 'reference', '--json')
    assert.equal(code, 0, err)
    const [first, second] = JSON.parse(out).firstLosses
    assert.ok(Number.isFinite(first) && Number.isFinite(second) && first !== second, `${first}, ${second}`)
  })
