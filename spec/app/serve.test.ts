/** `halograd serve`: OpenAI's own client understands it, feedback is kept whatever happens to the process, and nobody else may ask. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { request } from 'node:http'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import OpenAI from 'openai'
import { openCollection } from '../../app/collect/feedback.ts'
import { type ServeOptions, server } from '../../app/collect/server.ts'
import { type Responder, responder } from '../../app/inference/responder.ts'
import { loadCheckpoint } from '../../app/inputs/checkpoint.ts'
import { reference } from '../../backends/index.ts'
import { readRows } from '../../models/index.ts'
import { halograd, temporary, tinyModel } from './fixture.ts'

const directory = temporary()
const model = await tinyModel(join(directory, 'tiny'), { context: 64 })
const answering = await responder(reference(), await loadCheckpoint(model))
const file = join(directory, 'thumbs.jsonl')
const collection = await openCollection(file)
const question = [{ role: 'user' as const, content: 'the cat is' }]

const listening = async (change: Partial<ServeOptions> = {}): Promise<string> => {
  const http: Server = server({
    ...{ model: answering, name: 'tiny', defaults: { maxTokens: 6, temperature: 1 }, collection, queue: 8, timeout: 60_000 },
    say: (line) => assert.fail(line),
    ...change,
  })
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done))
  after(() => {
    http.close()
    http.closeAllConnections()
  })
  const address = http.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}
const post = async (url: string, path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) => {
  const response = await fetch(url + path, {
    ...{ method: 'POST', headers: { 'content-type': 'application/json', ...headers } },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: response.status, json: await response.json() }
}
const url = await listening()
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 })

test('the openai client: a chat, n answers, seed, stop, logprobs, usage', async () => {
  assert.deepEqual(
    (await client.models.list()).data.map(({ id }) => id),
    ['tiny'],
  )
  const ask = { model: 'tiny', messages: question, seed: 7, n: 3 }
  const made = await client.chat.completions.create({ ...ask, logprobs: true, top_logprobs: 2 })
  const texts = made.choices.map(({ message }) => message.content ?? '')
  assert.equal(texts.length, 3)
  assert.ok(new Set(texts).size > 1)
  const again = await client.chat.completions.create(ask)
  assert.deepEqual(
    again.choices.map(({ message }) => message.content),
    texts,
  )
  const other = await client.chat.completions.create({ ...ask, seed: 8 })
  assert.notDeepEqual(
    other.choices.map(({ message }) => message.content),
    texts,
  )
  const tokens = made.choices.flatMap(({ logprobs }) => logprobs?.content ?? [])
  assert.equal(tokens.length, made.usage?.completion_tokens)
  for (const { logprob, top_logprobs } of tokens) {
    assert.ok(logprob <= top_logprobs[0]!.logprob && top_logprobs[0]!.logprob < 0)
    assert.equal(top_logprobs.length, 2)
  }
  const stop = texts[0]!.slice(1, 3)
  const stopped = await client.chat.completions.create({ ...ask, n: 1, stop: [stop] })
  assert.deepEqual(stopped.choices[0]?.message.content, texts[0]!.slice(0, texts[0]!.indexOf(stop)))
  assert.equal(stopped.choices[0]?.finish_reason, 'stop')
})

test('the openai client: streams say what whole answers say', async () => {
  const ask = { model: 'tiny', messages: question, seed: 3, n: 2 }
  const whole = await client.chat.completions.create(ask)
  const texts = ['', '']
  let tokens: number | undefined
  for await (const { choices, usage } of await client.chat.completions.create({
    ...ask,
    stream: true,
    stream_options: { include_usage: true },
  })) {
    for (const { index, delta } of choices) texts[index] += delta.content ?? ''
    tokens = usage?.completion_tokens ?? tokens
  }
  assert.deepEqual(
    texts,
    whole.choices.map(({ message }) => message.content),
  )
  assert.equal(tokens, whole.usage?.completion_tokens)
})

test('what is wrong or not supported is refused by field, as OpenAI does', async () => {
  const refused = async (body: unknown, status: number, param: string | null, code: string) => {
    const { status: found, json } = await post(url, '/v1/chat/completions', body)
    assert.deepEqual([found, json.error.param, json.error.code], [status, param, code], JSON.stringify(json))
  }
  await refused({}, 400, 'messages', 'missing_required_parameter')
  await refused({ messages: [{ role: 'king', content: 'x' }] }, 400, 'messages[0].role', 'invalid_value')
  await refused({ messages: question, temperature: 'hot' }, 400, 'temperature', 'invalid_value')
  await refused({ messages: question, n: 0 }, 400, 'n', 'invalid_value')
  await refused({ messages: question, tools: [{}] }, 400, 'tools', 'unsupported_parameter')
  await refused({ messages: question, response_format: { type: 'json_object' } }, 400, 'response_format', 'unsupported_parameter')
  await refused({ messages: [{ role: 'user', content: 'the cat '.repeat(99) }] }, 400, 'messages', 'context_length_exceeded')
  await refused('{', 400, null, 'invalid_json')
  await assert.rejects(client.chat.completions.create({ model: 'tiny', messages: [] }), OpenAI.BadRequestError)
  assert.equal((await post(url, '/v1/chat/completions', {}, { 'content-type': 'text/plain' })).status, 415)
  assert.equal((await fetch(`${url}/v1/feedback`)).status, 405)
  assert.equal((await fetch(`${url}/etc/passwd`)).status, 404)
})

test('feedback: kept once, a contradiction is refused, corrections and preferences are both sides of a pair', async () => {
  const { json } = await post(url, '/v1/chat/completions', { messages: question, n: 3, seed: 7 })
  const feedback = async (body: unknown) => (await post(url, '/v1/feedback', body)).status
  const before = existsSync(file) ? readFileSync(file, 'utf8').split('\n').length : 1
  assert.equal(await feedback({ id: json.id, verdict: 'up' }), 200)
  assert.equal(await feedback({ id: json.id, verdict: 'up' }), 200)
  assert.equal(await feedback({ id: json.id, verdict: 'down' }), 409)
  assert.equal(await feedback({ id: json.id, index: 1, correction: 'good' }), 200)
  assert.equal(await feedback({ id: json.id, index: 2, preferred_over: 0 }), 200)
  assert.equal(await feedback({ id: json.id, index: 3, verdict: 'up' }), 400)
  assert.equal(await feedback({ id: json.id, index: 1 }), 400)
  assert.equal(await feedback({ id: 'chatcmpl-0', verdict: 'up' }), 404)
  assert.equal(await feedback({ messages: question, completion: 'mine', verdict: 'perhaps' }), 400)
  assert.equal(await feedback({ messages: question, completion: 'mine', verdict: '👎' }), 200)
  const rows = (await readRows(file)).slice(before - 1)
  const texts = json.choices.map(({ message }: { readonly message: { readonly content: string } }) => message.content)
  assert.deepEqual(
    rows.map((row) => row.tag === 'labelled' && [row.completion.slice(1), row.label]),
    [
      [texts[0], true],
      [texts[1], false],
      ['good', true],
      [texts[2], true],
      [texts[0], false],
      ['mine', false],
    ],
  )
})

test('a token is asked for, hosts that are not this machine are refused without one, and the page is there', async () => {
  const guarded = await listening({ token: 'secret' })
  assert.equal((await post(guarded, '/v1/chat/completions', { messages: question })).status, 401)
  const known = new OpenAI({ baseURL: `${guarded}/v1`, apiKey: 'secret', maxRetries: 0 })
  assert.equal((await known.chat.completions.create({ model: 'tiny', messages: question })).choices.length, 1)
  const status = await new Promise((done) => {
    request(`${url}/v1/models`, { headers: { host: 'evil.example' } }, ({ statusCode }) => done(statusCode)).end()
  })
  assert.equal(status, 403)
  const page = await fetch(url)
  assert.match(page.headers.get('content-type') ?? '', /html/)
  assert.match(await page.text(), /thumbs\(id, message\)/)
  const { code, err } = await halograd('serve', '--model', model, '--host', '0.0.0.0')
  assert.equal(code, 2)
  assert.match(err, /--token/)
})

test('the queue is bounded, and who waits too long is told', async () => {
  const slow: Responder = {
    ...answering,
    answer: (_, { signal }) => new Promise((done) => signal?.addEventListener('abort', () => done([]))),
  }
  const busy = await listening({ model: slow, queue: 2, timeout: 300 })
  const asked = await Promise.all([1, 2, 3].map(() => post(busy, '/v1/chat/completions', { messages: question })))
  assert.deepEqual(asked.map(({ status }) => status).sort(), [408, 408, 429])
})

test('1,000 thumbs of 8 clients while the server is killed: none acknowledged is lost, no line torn', { timeout: 120_000 }, async () => {
  const [out, bin] = [join(directory, 'killed.jsonl'), fileURLToPath(new URL('../../app/cli/bin.ts', import.meta.url))]
  const args = ['--import', 'tsx', bin, 'serve', '--model', model, '--backend', 'reference', '--out', out, '--port', '0']
  const start = async (): Promise<{ readonly child: ChildProcess; readonly address: string }> => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    after(() => child.kill('SIGKILL'))
    const address = await new Promise<string>((done) => child.stdout?.once('data', (bytes) => done(String(bytes).trim())))
    return { child, address }
  }
  let running = await start()
  const acknowledged: string[] = []
  let finished = false
  const talk = async (name: number): Promise<void> => {
    for (let i = 0; i < 125; ) {
      const id = `client${name}-${i}`
      const body = { id, messages: question, completion: `${id} `.repeat(1 + ((i * 31) % 400)), verdict: i % 2 === 0 ? 'up' : 'down' }
      const answer = await post(running.address, '/v1/feedback', body).catch(() => undefined)
      if (answer === undefined) await pause(20)
      else {
        assert.equal(answer.status, 200)
        acknowledged.push(id)
        i++
      }
    }
  }
  const reaper = async (): Promise<void> => {
    for (let kills = 0; kills < 3 && !finished; kills++) {
      const enough = 150 * (kills + 1)
      while (acknowledged.length < enough && !finished) await pause(5)
      await pause(Math.random() * 20)
      running.child.kill('SIGKILL')
      running = await start()
    }
  }
  const killing = reaper()
  await Promise.all(Array.from({ length: 8 }, (_, name) => talk(name)))
  finished = true
  await killing
  running.child.kill('SIGTERM')
  const ids = new Set(
    readFileSync(out, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line): string => JSON.parse(line).id),
  )
  assert.equal(acknowledged.length, 1000)
  assert.deepEqual(
    acknowledged.filter((id) => !ids.has(id)),
    [],
  )
})
