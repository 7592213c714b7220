/**
 * A model behind HTTP: OpenAI's chat completions API, feedback, and a page to talk on.
 *
 *     GET /    GET /v1/models    POST /v1/chat/completions    POST /v1/feedback
 *
 * Answers are made one at a time from a bounded queue. Without a token only this machine may ask, under one of its own names (so that no page of another
 * origin can, whatever name it has the browser resolve); bodies are JSON by their type, which such pages may not send unasked.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { InputError } from '../../models/index.ts'
import type { Responder } from '../inference/responder.ts'
import { ApiError, errorBody } from './api-error.ts'
import { completionRequest, type Defaults } from './completion-request.ts'
import { complete, type Remembered } from './completions.ts'
import type { Collection } from './feedback.ts'
import { feedbackRequest } from './feedback-request.ts'
import { page } from './page.ts'
import { queue } from './queue.ts'

export interface ServeOptions {
  readonly model: Responder
  /** What `GET /v1/models` calls it. */
  readonly name: string
  readonly defaults: Omit<Defaults, 'seed'>
  readonly collection?: Collection
  readonly token?: string
  /** Requests that may wait. */
  readonly queue: number
  /** Milliseconds for an answer, waiting included. */
  readonly timeout: number
  /** Told of failures that are not the client's. */
  readonly say: (line: string) => void
}

/** Answers whose ids feedback may name, and judgements that are told from others. */
const remembered = 10_000
/** Bytes of a request. */
const largest = 8 * 2 ** 20

type Route = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void

/** A server that does not listen yet. */
export const server = (options: ServeOptions): Server => {
  const routes = routesOf(options)
  return createServer(async (request, response) => {
    try {
      const path = new URL(request.url ?? '/', 'http://localhost').pathname
      checkAllowed(request, path, options.token)
      const methods = routes.get(path)
      if (methods === undefined) throw new ApiError(404, 'not_found', `there is no ${path}`)
      const route = methods.get(request.method ?? '')
      if (route === undefined) throw new ApiError(405, 'method_not_allowed', `${path} takes ${[...methods.keys()].join(' and ')}`)
      await route(request, response)
    } catch (error) {
      fail(response, error, options.say)
    }
  })
}

const routesOf = (options: ServeOptions): ReadonlyMap<string, ReadonlyMap<string, Route>> => {
  const answers = new Map<string, Remembered>()
  const judged = new Map<string, { readonly said: string; readonly kept: Promise<void> }>()
  const completing = { ...options, queue: queue(options.queue), remember: (id: string, each: Remembered) => keep(answers, id, each) }
  const started = Math.floor(Date.now() / 1000)
  let seed = started % 2 ** 30
  const completions: Route = async (request, response) => {
    const asked = completionRequest(await bodyOf(request), { ...options.defaults, seed: ++seed })
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(options.timeout)])
    const document = await complete(completing, asked, signal, (event) => sendEvent(response, JSON.stringify(event)))
    if (document !== undefined) return sendJson(response, 200, document)
    sendEvent(response, '[DONE]')
    response.end()
  }
  const feedback: Route = async (request, response) => {
    if (options.collection === undefined) throw new ApiError(404, 'not_collecting', 'nothing is collected: start with --out thumbs.jsonl')
    const { answered, feedback } = feedbackRequest(await bodyOf(request), (id) => answers.get(id))
    const [before, said] = [judged.get(answered.id), JSON.stringify(feedback)]
    if (before !== undefined && before.said !== said)
      throw new ApiError(409, 'already_judged', `the answer is judged already: ${before.said}`, 'id')
    const kept = before?.kept ?? options.collection.add(answered, feedback)
    keep(judged, answered.id, { said, kept })
    await kept.catch((error: unknown) => {
      judged.delete(answered.id)
      throw error
    })
    sendJson(response, 200, { object: 'feedback', id: answered.id, recorded: true })
  }
  const models: Route = (_, response) =>
    sendJson(response, 200, {
      object: 'list',
      data: [{ id: options.name, object: 'model', created: started, owned_by: 'halograd' }],
    })
  const home: Route = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': "frame-ancestors 'none'" })
    response.end(page(options.name, options.collection !== undefined))
  }
  return new Map([
    ['/', new Map([['GET', home]])],
    ['/v1/models', new Map([['GET', models]])],
    ['/v1/chat/completions', new Map([['POST', completions]])],
    ['/v1/feedback', new Map([['POST', feedback]])],
  ])
}

/** Of a map that forgets what is oldest. */
const keep = <T>(map: Map<string, T>, key: string, value: T): void => {
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > remembered && oldest !== undefined) map.delete(oldest)
}

/** @throws ApiError */
const checkAllowed = ({ headers }: IncomingMessage, path: string, token: string | undefined): void => {
  const host = (headers.host ?? '').replace(/:\d+$/, '')
  if (token === undefined && !isLoopback(host))
    throw new ApiError(403, 'foreign_host', `without a token only localhost may be asked, not ${host}: start with --token`)
  if (token === undefined || path === '/') return
  const digest = (text: string) => createHash('sha256').update(text).digest()
  if (!timingSafeEqual(digest(headers.authorization ?? ''), digest(`Bearer ${token}`)))
    throw new ApiError(401, 'invalid_api_key', 'the token is missing or wrong: send Authorization: Bearer TOKEN')
}

/** Whether a host is this machine, seen from itself. */
export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d+){3}|\[?::1\]?)$/.test(host)

/** @throws ApiError */
const bodyOf = async (request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> => {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
    throw new ApiError(415, 'unsupported_media_type', 'expected a body of type application/json')
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > largest) throw new ApiError(413, 'too_large', `a request may have ${largest} bytes`)
    chunks.push(chunk)
  }
  const body = parsed(Buffer.concat(chunks).toString('utf8'))
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new ApiError(400, 'invalid_json', 'expected a JSON object')
  return { ...body }
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ApiError(400, 'invalid_json', `the body is no JSON: ${error instanceof Error ? error.message : error}`)
  }
}

const sendJson = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

const sendEvent = (response: ServerResponse, data: string): void => {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  response.write(`data: ${data}\n\n`)
}

const fail = (response: ServerResponse, error: unknown, say: (line: string) => void): void => {
  const known =
    error instanceof ApiError ? error : error instanceof InputError ? new ApiError(400, 'invalid_value', error.message) : undefined
  if (known === undefined) say(`error: ${error instanceof Error ? (error.stack ?? error.message) : error}`)
  const told = known ?? new ApiError(500, 'internal_error', 'the server failed; its log says how')
  if (response.destroyed) return
  if (!response.headersSent) {
    sendJson(response, told.status, errorBody(told))
    return
  }
  sendEvent(response, JSON.stringify(errorBody(told)))
  response.end()
}
