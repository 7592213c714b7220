/** From the thumbs of a chat application to an aligned model and a win rate with its interval: three commands. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { halograd, jsonLines, temporary, tinyModel } from './fixture.ts'
import { feedbackOfOpenWebui } from './open-webui.ts'

const folder = temporary()

test('import, align, judge', async () => {
  const model = await tinyModel(join(folder, 'model'), { context: 96 })
  const [exported, rows, aligned] = ['export.json', 'rows.jsonl', 'aligned'].map((name) => join(folder, name)) as [string, string, string]
  jsonLines(exported, [Array.from({ length: 24 }, (_, i) => feedbackOfOpenWebui(i))])
  const run = async (...args: readonly string[]) => {
    const done = await halograd(...args)
    assert.equal(done.code, 0, done.err)
    return done
  }
  assert.match((await run('data', 'import', exported, '--out', rows)).err, /labels: 12 desirable, 12 undesirable\n/)
  await run('align', '--halo', 'kto', '--model', model, '--data', rows, '--out', aligned, '--steps', '2', '--batch', '4')
  const judged = await run(
    'judge',
    '--model',
    aligned,
    '--against',
    model,
    '--data',
    rows,
    '--judge',
    'length',
    '--max-tokens',
    '4',
    '--json',
  )
  const [{ winRate }] = JSON.parse(judged.out).judges
  assert.ok(winRate.low <= winRate.rate && winRate.rate <= winRate.high && winRate.cases > 0)
})
