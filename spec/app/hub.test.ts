/** `hf:` names, against a hub of our own: downloaded once, kept whole, used without a network; and what is said when they are not to be had, or only by some. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { localPath } from '../../app/inputs/hub.ts'
import { AccessError, UnavailableError, UsageError } from '../../app/terminal/errors.ts'
import { halograd, judged, temporary, tinyModel } from './fixture.ts'

const folder = temporary()
const model = await tinyModel(join(folder, 'origin'))
const commit = '0123456789abcdef0123456789abcdef01234567'

/** Repositories by kind and name: files by path. */
const contents = (directory: string) =>
  Object.fromEntries(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name))]))
const lines = Buffer.from(judged.map((row) => `${JSON.stringify(row)}\n`).join(''))
const hub: Readonly<Record<string, Readonly<Record<string, Buffer>>>> = {
  'models/tiny/model': { ...contents(model), 'pytorch_model.bin': Buffer.from('not wanted'), 'README.md': Buffer.from('neither') },
  'models/gated/model': contents(model),
  'datasets/private/thumbs': { 'train.jsonl': lines },
  'datasets/some/thumbs': { 'data/train.jsonl': lines, 'data/test.jsonl': Buffer.from(''), 'README.md': Buffer.from('') },
  'datasets/some/shards': { 'train-0.jsonl': lines, 'train-1.jsonl': lines, '../../train-2.jsonl': lines },
}
const asked: string[] = []

/** Anybody sees that there is something gated, and who has access gets it; what is private is not even said to be there. */
const member = 'hf_OfAMemberOfTheGroup'
const refusal = (path: string, authorization: string | undefined): number | undefined => {
  const closed = path.includes('private/') || /gated\/.*\/resolve\//.test(path)
  return !closed || authorization === `Bearer ${member}` ? undefined : authorization === undefined ? 401 : 403
}

const answer = (request: IncomingMessage, response: ServerResponse): void => {
  const path = decodeURIComponent(new URL(request.url!, 'http://hub').pathname)
  asked.push(path)
  const json = (status: number, body: unknown) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  const refused = refusal(path, request.headers.authorization)
  if (refused !== undefined) return void json(refused, { error: 'Access to this repository is restricted' })
  const [, kind, name, what] = /^\/api\/(models|datasets)\/([^/]+\/[^/]+)\/(revision|tree)\//.exec(path) ?? []
  if (kind !== undefined) {
    const files = hub[`${kind}/${name}`]
    if (files === undefined) return void json(404, { error: 'Repository not found' })
    if (what === 'revision')
      return void json(200, { _id: 'x', id: name, sha: commit, private: false, gated: false, downloads: 0, likes: 0, lastModified: 0 })
    return void json(
      200,
      Object.entries(files).map(([path, { length }]) => ({ type: 'file', path, size: length, oid: 'x' })),
    )
  }
  const [, data, repository, file] = /^\/(datasets\/)?([^/]+\/[^/]+)\/resolve\/[^/]+\/(.+)$/.exec(path) ?? []
  const bytes = hub[`${data ?? 'models/'}${repository}`]?.[file ?? '']
  if (bytes === undefined) return void response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end()
  const [, begin = '0', end] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? []
  const part = bytes.subarray(Number(begin), end === undefined || end === '' ? bytes.length : Number(end) + 1)
  const range = `bytes ${begin}-${Number(begin) + part.length - 1}/${bytes.length}`
  response
    .writeHead(request.headers.range === undefined ? 200 : 206, { etag: '"x"', 'content-range': range, 'content-length': part.length })
    .end(part)
}
const opened = async (): Promise<{ readonly url: string; readonly server: Server }> => {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}
const [{ url: online, server }, { url: offline, server: gone }] = [await opened(), await opened()]
gone.close()
after(() => server.close())
process.env.HF_ENDPOINT = online
process.env.HF_HUB_CACHE = join(folder, 'cache')
process.env.HF_HOME = join(folder, 'home')
delete process.env.HF_TOKEN
delete process.env.HF_TOKEN_PATH

/** Nobody listens there. */
const withoutNetwork = async <T>(work: () => Promise<T>): Promise<T> => {
  process.env.HF_ENDPOINT = offline
  try {
    return await work()
  } finally {
    process.env.HF_ENDPOINT = online
  }
}

test('a model: what belongs to it is downloaded once, and used', async () => {
  const generate = ['generate', '--model', 'hf:tiny/model', '--prompt', 'the cat', '--max-tokens', '3', '--backend', 'reference']
  const first = await halograd(...generate)
  assert.equal(first.code, 0, first.err)
  assert.match(first.err, /downloading hf:tiny\/model: model\.safetensors \(0\.0 MB\)/)
  const snapshot = join(folder, 'cache', 'models--tiny--model', 'snapshots', commit)
  const kept = ['config.json', 'generation_config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']
  assert.deepEqual(readdirSync(snapshot).sort(), kept)
  assert.deepEqual(readFileSync(join(snapshot, 'model.safetensors')), readFileSync(join(model, 'model.safetensors')))
  assert.equal(readFileSync(join(snapshot, '../../refs/main'), 'utf8'), commit)
  assert.equal((await halograd('generate', '--model', model, ...generate.slice(3))).out, first.out)

  asked.length = 0
  assert.equal((await halograd(...generate)).out, first.out)
  assert.deepEqual(
    asked.filter((path) => path.includes('/resolve/')),
    [],
  )
  const again = await withoutNetwork(() => halograd(...generate))
  assert.equal(again.out, first.out)
  assert.match(again.err, /warning: hf:tiny\/model: http:.* cannot be reached .*; what was downloaded before is used/)
})

test('data: the only file to train on, or the one that was named', async () => {
  const check = await halograd('data', 'check', 'hf:some/thumbs')
  assert.equal(check.code, 0, check.err)
  assert.match(check.err, /downloading hf:some\/thumbs: data\/train\.jsonl/)
  assert.match(check.err, /16 judged completions/)
  const named = await localPath('hf:some/shards@main/train-1.jsonl', 'dataset')
  assert.deepEqual([readFileSync(named), existsSync(join(named, '../train-0.jsonl'))], [lines, false])
  assert.equal(
    await withoutNetwork(() => localPath('hf:some/thumbs', 'dataset')),
    join(folder, 'cache/datasets--some--thumbs/snapshots', commit, 'data/train.jsonl'),
  )
  await assert.rejects(
    localPath('hf:some/shards', 'dataset'),
    /expected one file to train on, found train-0\.jsonl, train-1\.jsonl\. Name one/,
  )
  await assert.rejects(localPath('hf:some/shards/train-9.jsonl', 'dataset'), /no file train-9\.jsonl, found train-0\.jsonl, train-1\.jsonl/)
})

test('what is not to be had, and names that are none', async () => {
  const rejects = (name: string, kind: 'model' | 'dataset', error: RegExp, Kind: new (message: string) => Error) =>
    assert.rejects(localPath(name, kind), (found) => found instanceof Kind && error.test(found.message))
  await rejects(
    'hf:no/body',
    'model',
    /hf:no\/body: http.* answers 404: no such model or revision, or one that needs permission/,
    UnavailableError,
  )
  await withoutNetwork(() => rejects('hf:no/body', 'model', /cannot be reached \(.*ECONNREFUSED/, UnavailableError))
  await rejects('hf:model', 'model', /expected hf:owner\/name/, UsageError)
  await rejects('hf:some/../thumbs', 'model', /expected hf:owner\/name/, UsageError)
  await rejects('hf:some/shards/../../x.jsonl', 'dataset', /expected hf:owner\/name/, UsageError)
  const absent = { load: () => import('a-package-that-is-not-there' as string) }
  await assert.rejects(localPath('hf:tiny/model', 'model', absent), /need @huggingface\/hub: npm install @huggingface\/hub@2\.17\.5/)
  assert.equal(await localPath('./a/path', 'model', absent), './a/path')
})

test('what is gated or private: without a token, and with one that has no access, it is said what is missing and where to get it', async () => {
  const rejects = (name: string, kind: 'model' | 'dataset', error: RegExp) =>
    assert.rejects(localPath(name, kind), (found) => found instanceof AccessError && error.test(found.message))
  const page = (path: string) => `ask for (access|it) at ${online}/${path}\\b`
  const without = (path: string) => new RegExp(`answers 401\\. There is no token: .*Set HF_TOKEN .*/settings/tokens.*${page(path)}`)
  await rejects('hf:gated/model', 'model', without('gated/model'))
  await rejects('hf:private/thumbs', 'dataset', without('datasets/private/thumbs'))
  process.env.HF_TOKEN = 'hf_OfAStranger'
  try {
    await rejects('hf:gated/model', 'model', new RegExp(`answers 403\\. The token of HF_TOKEN has no access .*${page('gated/model')}`))
    process.env.HF_TOKEN = 'secret'
    await assert.rejects(localPath('hf:tiny/model', 'model'), (found) => found instanceof UsageError && !found.message.includes('secret'))
  } finally {
    delete process.env.HF_TOKEN
  }
})

test('a token, of HF_TOKEN or of the files of Hugging Face’s tools, opens what is gated, and is found in nothing that is said or kept', async () => {
  const [file, other] = [join(folder, 'home', 'token'), join(folder, 'other-token')]
  mkdirSync(join(folder, 'home'))
  writeFileSync(other, `${member}\n`)
  writeFileSync(file, 'hf_OfAStranger')
  const out = join(folder, 'opened')
  const align = ['align', '--halo', 'kto', '--model', 'hf:gated/model', '--data', 'hf:private/thumbs', '--out', out, '--steps', '1']
  const refused = await halograd(...align)
  assert.equal(refused.code, 1)
  assert.match(refused.err, /error: .*The token of \S*home\/token has no access/)
  process.env.HF_TOKEN_PATH = other
  const opened = await halograd(...align, '--batch', '4', '--backend', 'reference', '--verbose', '--json')
  delete process.env.HF_TOKEN_PATH
  assert.equal(opened.code, 0, opened.err)
  writeFileSync(file, `${member}\r\n`)
  process.env.HF_HUB_CACHE = join(folder, 'another')
  assert.equal(readFileSync(await localPath('hf:private/thumbs', 'dataset'), 'utf8'), lines.toString())
  process.env.HF_HUB_CACHE = join(folder, 'cache')
  const kept = [out, join(folder, 'cache'), join(folder, 'another')].flatMap((place) =>
    readdirSync(place, { recursive: true, encoding: 'utf8' }).map((name) => join(place, name)),
  )
  const contentsOf = kept.filter((path) => statSync(path).isFile()).map((path) => readFileSync(path, 'latin1'))
  assert.ok(contentsOf.length > 10)
  for (const text of [opened.out, opened.err, refused.err, ...contentsOf]) assert.doesNotMatch(text, /hf_Of/)
})

test('a download that breaks off leaves nothing that looks whole', async () => {
  const broken = { load: async () => ({ ...(await import('@huggingface/hub')), downloadFile: async () => cut }) }
  const cut = new Blob([lines])
  cut.stream = () =>
    new ReadableStream({
      start: (controller) => {
        controller.enqueue(new Uint8Array(5))
        controller.error(new TypeError('terminated'))
      },
    })
  process.env.HF_HUB_CACHE = join(folder, 'broken')
  await assert.rejects(localPath('hf:some/thumbs', 'dataset', broken), UnavailableError)
  const left = readdirSync(join(folder, 'broken'), { recursive: true }).filter((name) => /jsonl|main/.test(String(name)))
  assert.deepEqual(left, [])
})
