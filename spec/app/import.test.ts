/** `halograd data import`: five rules, mappings of one's own, and what is refused, with nothing written. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { halograd, temporary } from './fixture.ts'

const folder = temporary()
const golden = join(dirname(fileURLToPath(import.meta.url)), '../data/import')
const json = (name: string, value: unknown): string => {
  writeFileSync(join(folder, name), JSON.stringify(value))
  return join(folder, name)
}
const out = join(folder, 'rows.jsonl')
const importTo = async (...args: readonly string[]) => {
  const run = await halograd('data', 'import', ...args, '--out', out)
  assert.equal(run.code, 0, run.err)
  const rows = readFileSync(out, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  return { ...run, rows }
}
const refused = async (...args: readonly string[]): Promise<string> => {
  const fresh = join(folder, 'none.jsonl')
  const run = await halograd('data', 'import', ...args, '--out', fresh)
  assert.notEqual(run.code, 0, run.err)
  assert.ok(!existsSync(fresh), 'something is written')
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('.tmp')),
    [],
  )
  return run.err
}
const turns = (prompt: string, completion: string) => ({
  prompt: [{ role: 'user', content: prompt }],
  completion: [{ role: 'assistant', content: completion }],
})

describe('a mapping of one’s own', () => {
  const log = {
    log: { entries: [5, 4, 1, 3].map((stars, i) => ({ q: `q${i >> 1}`, a: `a${i}`, by: i === 3 ? 'ann' : 'ben', review: { stars } })) },
  }
  const where = ['--records', '$.log.entries[*]', '--prompt', 'q', '--completion', '$.a', '--verdict', 'review.stars']

  test('good and bad by thresholds; what is neither is dropped, and told', async () => {
    const { rows, err } = await importTo(json('log.json', log), ...where, '--good', '>=4', '--bad', '<=2')
    assert.deepEqual(rows, [
      { ...turns('q0', 'a0'), label: true },
      { ...turns('q0', 'a1'), label: true },
      { ...turns('q1', 'a2'), label: false },
    ])
    assert.match(err, /4 answers found, 4 rated; 3 labels written/)
    assert.match(err, /1 dropped: neither good nor bad: 3/)
    assert.match(err, /labels: 2 desirable, 1 undesirable; λ_D = 1, λ_U = 1\.5 would balance them/)
  })
  test('scores without thresholds are refused; or compared, the best with the worst', async () => {
    assert.match(
      await refused(json('log.json', log), ...where),
      /expected verdicts, or scores with a threshold, found 4 scores from 1 to 5.*--good '>=5' --bad '<=1'.*--as pairs/,
    )
    const stars = { log: { entries: log.log.entries.map((each) => ({ ...each, review: { stars: each.review.stars + 1 } })) } }
    assert.deepEqual((await importTo(json('stars.json', stars), ...where, '--as', 'pairs')).rows, [
      { prompt: turns('q0', '').prompt, chosen: turns('', 'a0').completion, rejected: turns('', 'a1').completion },
      { prompt: turns('q1', '').prompt, chosen: turns('', 'a3').completion, rejected: turns('', 'a2').completion },
    ])
  })
  test('--where, --balance and --json', async () => {
    const { rows, err } = await importTo(
      json('log.json', log),
      ...where,
      '--good',
      '>=3',
      '--bad',
      '<=2',
      '--where',
      'by=ben',
      '--balance',
      '--json',
    )
    assert.match(err, /1 dropped: not what --where asks for/)
    const checked = await halograd('data', 'check', out)
    assert.match(checked.err, /labels: 2 desirable, 1 undesirable/)
    assert.doesNotMatch(checked.err, /is advised/)
    assert.deepEqual(
      rows.map(({ label, weight = 1 }) => [label, weight]),
      [
        [true, 1],
        [true, 1],
        [false, 1.5],
      ],
    )
  })
  test('verdicts apart from texts, by ids', async () => {
    const texts = json('texts.json', [
      { key: 'x', q: 'q', a: 'a' },
      { key: 'y', q: 'r', a: 'b' },
    ])
    const votes = json('votes.json', [{ of: 'y', vote: '👎' }])
    const ids = ['--prompt', 'q', '--completion', 'a', '--id', 'key', '--about', 'of', '--verdict', 'vote']
    assert.deepEqual((await importTo(votes, texts, ...ids)).rows, [{ ...turns('r', 'b'), label: false }])
    assert.match(
      await refused(json('others.json', [{ of: 'z', vote: 'up' }]), texts, ...ids),
      /expected verdicts whose ids are those of texts, found 1 verdicts, the first on "z", and texts such as "x", "y"/,
    )
    assert.match(await refused(votes, ...ids), /expected verdicts and the texts.*found 1 verdicts, the first on "y", and no texts/)
  })
  test('a path that is none, a value that is no pair, a name that is no preset', async () => {
    assert.match(await refused(json('log.json', log), '--prompt', 'a[', '--completion', 'a'), /--prompt a\[: expected a JSONPath/)
    assert.match(await refused(json('log.json', log), '--where', 'x'), /name=value/)
    assert.match(await refused(json('log.json', log), '--from', 'nobody'), /expected one of alpaca, .*found "nobody"/)
  })
})

describe('what is refused', () => {
  test('an unknown shape: its keys, the nearest presets, the mapping to write', async () => {
    const err = await refused(json('odd.json', [{ prompt: 'p', response: 'r', stars: 5 }]))
    assert.match(
      err,
      /expected records of a shape that a preset knows, found the fields \["prompt","response","stars"\].*--prompt PATH --completion PATH --verdict PATH.*--from .*anything-llm/,
    )
  })
  test('an export without texts names the right one', async () => {
    const csv = join(folder, 'feedbacks.csv')
    writeFileSync(csv, 'id,user_id,chat_id,model_id,sibling_model_ids,rating,reason,comment,created_at\n1,u,,m,,1,,,0\n')
    assert.match(await refused(csv), /has no texts: take the JSON one/)
  })
  test('verdicts of several names ask which', async () => {
    const scores = json(
      'scores.json',
      ['thumb', 'toxic'].map((name, i) => ({ id: `${i}`, name, value: 1, dataType: 'NUMERIC', source: 'API', traceId: 't' })),
    )
    const traces = json('traces.json', [{ id: 't', timestamp: 'x', input: 'q', output: 'a' }])
    assert.match(await refused(scores, traces), /expected verdicts of one name, found thumb \(1\), toxic \(1\).*--where name=thumb/)
    assert.equal((await importTo(scores, traces, '--where', 'name=thumb')).rows.length, 1)
  })
  test('a verdict on a turn of the user; nothing rated; two scales', async () => {
    const message = (id: string, user: boolean, more = {}) => ({
      messageId: id,
      parentMessageId: 'root',
      isCreatedByUser: user,
      text: 'x',
      ...more,
    })
    assert.match(
      await refused(json('user.json', { messages: [message('a', true, { feedback: { rating: 'thumbsUp' } })] })),
      /expected at least one rated answer, found .*1 dropped \(.*a last turn of the assistant/,
    )
    assert.match(await refused(json('none.json', { messages: [message('a', false)] })), /found 1 answers, 0 rated/)
    const votes = json(
      'votes3.json',
      [1, 0, -1].map((vote) => ({ q: 'q', a: 'a', vote })),
    )
    const paths = ['--prompt', 'q', '--completion', 'a', '--verdict', 'vote']
    assert.match(await refused(votes, ...paths), /expected verdicts of one scale.*--good 1 --bad -1/)
    assert.equal((await importTo(votes, ...paths, '--good', '1', '--bad=-1')).rows.length, 2)
  })
  test('malformed records, unless they are skipped', async () => {
    const file = join(folder, 'torn.jsonl')
    writeFileSync(file, '{"prompt": "p", "response": "r", "rating": "GOOD", "workspace": "w"}\n{"prompt": \n')
    assert.match(await refused(file), /torn\.jsonl:2: expected a JSON object/)
    assert.match((await importTo(file, '--skip')).err, /1 malformed records skipped/)
  })
})

test('reasoning is told, and left out on request', async () => {
  const answer = '<details type="reasoning" done="true">\n<summary>Thought</summary>\nhm\n</details>\nYes.'
  const file = json('thought.json', [{ prompt: 'p', response: answer, rating: 'GOOD', workspace: 'w' }])
  assert.match((await importTo(file)).err, /warning: 1 completions hold what the model thought/)
  assert.deepEqual((await importTo(file, '--strip-reasoning')).rows[0].completion, [{ role: 'assistant', content: 'Yes.' }])
})

test('check names the preset and the command; what is a row already is read as it is', async () => {
  const webui = join(golden, 'open-webui/feedback-history-export-1720000000000.json')
  const run = await halograd('data', 'check', webui)
  assert.equal(run.code, 1)
  assert.match(
    run.err,
    /found a record of Open WebUI's feedback\. Make rows of it: halograd data import .*feedback-history-export-1720000000000\.json --out rows\.jsonl/,
  )
  assert.equal(run.err.match(/found a record of/g)?.length, 1)
  const sharegpt = await halograd('data', 'check', join(golden, 'openai/preferences.jsonl'), '--json')
  assert.deepEqual(JSON.parse(sharegpt.out).presets, ['openai'])
})

test('an array that is larger than the memory it may have is imported as it comes', () => {
  const file = join(folder, 'large.json')
  const text = 'x'.repeat(1_000_000)
  writeFileSync(file, '[')
  for (let i = 0; i < 120; i++)
    appendFileSync(
      file,
      `${i === 0 ? '' : ','}\n${JSON.stringify({ prompt: `${i}`, response: text, rating: i % 2 === 0 ? 'GOOD' : 'BAD', workspace: 'w' })}`,
    )
  appendFileSync(file, ']')
  const bin = join(dirname(fileURLToPath(import.meta.url)), '../../app/cli/halograd.mjs')
  const { status, stderr } = spawnSync(process.execPath, ['--max-old-space-size=90', bin, 'data', 'import', file, '--out', out], {
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
  assert.match(stderr, /120 answers found, 120 rated; 120 labels written/)
})
