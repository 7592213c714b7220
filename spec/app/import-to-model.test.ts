/** From the thumbs of a chat application to an aligned model and a win rate with its interval: three commands. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { halograd, jsonLines, temporary, tinyModel } from './fixture.ts'

const folder = temporary()

/** A rating of Open WebUI, with the chat that it is about. */
const feedback = (i: number) => {
  const [asked, answered] = [`u${i}`, `a${i}`]
  const messages = {
    [asked]: { id: asked, parentId: null, role: 'user', content: `the cat ${i}` },
    [answered]: { id: answered, parentId: asked, role: 'assistant', content: i % 2 === 0 ? 'a good cat' : 'a bad dog' },
  }
  return {
    ...{ id: `f${i}`, type: 'rating', data: { rating: i % 2 === 0 ? 1 : -1, model_id: 'm' }, meta: { message_id: answered, chat_id: 'c' } },
    snapshot: { chat: { chat: { history: { messages } } } },
  }
}

test('import, align, judge', async () => {
  const model = await tinyModel(join(folder, 'model'), { context: 96 })
  const [exported, rows, aligned] = ['export.json', 'rows.jsonl', 'aligned'].map((name) => join(folder, name)) as [string, string, string]
  jsonLines(exported, [Array.from({ length: 24 }, (_, i) => feedback(i))])
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
