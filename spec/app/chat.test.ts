/** `halograd chat` and `generate --messages`: conversations as training reads them, and what is kept of them. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { converse } from '../../app/collect/chat.ts'
import { openCollection } from '../../app/collect/feedback.ts'
import { responder } from '../../app/inference/responder.ts'
import { stopping } from '../../app/inference/stops.ts'
import { loadCheckpoint } from '../../app/inputs/checkpoint.ts'
import { exampleOf } from '../../app/inputs/examples.ts'
import { reference } from '../../backends/index.ts'
import { chatOf, readRows } from '../../models/index.ts'
import { halograd, temporary, tinyModel } from './fixture.ts'

const directory = temporary()
const model = await tinyModel(join(directory, 'model'), { context: 256 })
const template = `{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}`
const templated = await tinyModel(join(directory, 'templated'), { context: 256 })
const configFile = join(templated, 'tokenizer_config.json')
writeFileSync(configFile, JSON.stringify({ ...JSON.parse(readFileSync(configFile, 'utf8')), chat_template: template }))

const talk = async (where: string, lines: readonly string[], out?: string, system?: string) => {
  const collection = out === undefined ? undefined : await openCollection(out)
  const heard = { out: '', err: '' }
  const terminal = {
    print: (text: string) => {
      heard.out += text
    },
    say: (line = '') => {
      heard.err += `${line}\n`
    },
    interactive: false,
    stop: new AbortController().signal,
  }
  const said = async function* () {
    yield* lines
  }
  await converse(terminal, await responder(reference(), await loadCheckpoint(where)), said(), {
    sampling: { maxTokens: 5, temperature: 1, seed: 1 },
    ...(collection && { collection }),
    ...(system !== undefined && { system }),
  })
  await collection?.close()
  return heard
}

for (const [name, where] of Object.entries({ 'with a chat template': templated, 'without one': model }))
  test(`chat ${name}: thumbs, a correction and a preference are kept as training reads them`, async () => {
    const [file, saved] = [join(directory, `${name}.jsonl`), join(directory, `${name}.json`)]
    const lines = [
      'the cat is',
      '/thumbs up',
      '/thumbs down',
      'the dog is',
      '/correct good',
      'the cow is',
      '/retry',
      '/prefer new',
      `/save ${saved}`,
    ]
    const { err } = await talk(where, [...lines, '/nothing', '/quit', 'never read'], file, 'be kind')
    assert.match(err, /judged already/)
    assert.match(err, /There is no \/nothing/)
    const { tokenizer } = await loadCheckpoint(where)
    const events = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(
      events.map(({ kind, label }) => [kind, label]),
      [
        ['thumbs', true],
        ['correction', false],
        ['correction', true],
        ['choice', true],
        ['choice', false],
      ],
    )
    assert.deepEqual(events[0].prompt, [
      { role: 'system', content: 'be kind' },
      { role: 'user', content: 'the cat is' },
    ])
    // The corrected answer is what the conversation goes on from.
    assert.deepEqual(events[3].prompt.at(-2), { role: 'assistant', content: 'good' })
    const turns = JSON.parse(readFileSync(saved, 'utf8'))
    assert.deepEqual(turns, [...events[3].prompt, { role: 'assistant', content: events[3].completion }])
    const rows = await readRows(file, { ...chatOf(tokenizer) })
    const asked = (await responder(reference(), await loadCheckpoint(where))).promptOf(events[3].prompt)
    const row = rows[3]!
    assert.ok(row.tag === 'labelled')
    assert.deepEqual(asked.tokens, exampleOf(tokenizer, row.prompt, row.completion).prompt)
  })

test('chat: without --out nothing is kept, and that is said; /undo forgets; a pipe is as good as a keyboard', async () => {
  const { err } = await talk(model, ['/thumbs up', 'the cat', '/thumbs up', '/undo', '/correct x'])
  assert.equal(err.match(/start with --out/g)?.length, 3)
  const bin = fileURLToPath(new URL('../../app/cli/bin.ts', import.meta.url))
  const out = join(directory, 'piped.jsonl')
  const args = ['--import', 'tsx', bin, 'chat', '--model', model, '--backend', 'reference', '--max-tokens', '4', '--out', out]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const said = { out: '', err: '' }
  child.stdout.on('data', (bytes) => {
    said.out += bytes
  })
  child.stderr.on('data', (bytes) => {
    said.err += bytes
  })
  child.stdin.end('the cat is\n/thumbs down\n')
  assert.equal(await new Promise((resolve) => child.on('close', resolve)), 0, said.err)
  assert.equal(existsSync(out), true)
  const { prompt, completion, label } = JSON.parse(readFileSync(out, 'utf8'))
  assert.deepEqual([prompt, label, said.out], [[{ role: 'user', content: 'the cat is' }], false, `${completion}\n`])
})

test('generate --messages answers a conversation; --samples draws several; --stop ends before a text', async () => {
  const file = join(directory, 'messages.json')
  writeFileSync(file, JSON.stringify([{ role: 'user', content: 'the cat is' }]))
  const on = ['--model', templated, '--backend', 'reference', '--max-tokens', '6']
  const run = async (...args: readonly string[]) => {
    const { code, out, err } = await halograd('generate', ...on, ...args, '--json')
    assert.equal(code, 0, err)
    return JSON.parse(out)
  }
  const { samples, text } = await run('--messages', file, '--samples', '3')
  assert.equal(samples.length, 3)
  assert.equal(samples[0].text, text)
  assert.ok(samples[1].text !== samples[2].text)
  const stopped = await run('--messages', file, '--stop', text.slice(2, 4))
  assert.deepEqual([stopped.text, stopped.ended], [text.slice(0, text.indexOf(text.slice(2, 4))), 'stop'])
  const greedy = await run('--prompt', 'the cat', '--temperature', '0')
  assert.equal((await run('--prompt', 'the cat', '--min-p', '1')).text, greedy.text)
  assert.notEqual((await run('--prompt', 'the cat', '--temperature', '0', '--repetition-penalty', '1000')).text, greedy.text)
  writeFileSync(file, '[{"role": "king", "content": 1}]')
  const refused = await halograd('generate', ...on, '--messages', file)
  assert.equal(refused.code, 1)
  assert.match(refused.err, /messages\[0\]\.role/)
  assert.equal((await halograd('generate', ...on, '--messages', file, '--prompt', 'a')).code, 2)
})

test('a text ends before the first of its stops, however it comes in pieces, and nothing of one is shown', () => {
  for (const size of [1, 2, 3, 50]) {
    const [text, shown] = [stopping(['\nuser:', 'END']), [] as string[]]
    const pieces = 'fine, usual\nuse: ENfour\nuser: no END'.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? []
    for (const piece of pieces) shown.push(text.take(piece))
    assert.equal(shown.join('') + text.rest(), 'fine, usual\nuse: ENfour')
    assert.ok(text.ended())
  }
  const open = stopping(['END'])
  assert.deepEqual([open.take('an E'), open.rest(), open.ended()], ['an ', 'E', false])
})
