/**
 * `halograd page`: the built page from this machine, or written to a folder. It is served with the headers that let a page share memory between
 * threads; a host that cannot send them is helped by the page's service worker.
 */
import { cp, readdir, readFile, stat } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { extname, join, normalize, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UnavailableError, UsageError } from '../terminal/errors.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { PageCommandOptions } from './commands/page.ts'
import { closed, listening } from './listening.ts'

const types: ReadonlyMap<string, string> = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.json', 'application/json'],
  ['.svg', 'image/svg+xml'],
])
/** What makes a page cross-origin isolated; nobody else's page may have it in a frame. */
const isolating = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-cache',
} as const

/** The folder of the built page: beside the compiled command, or in `dist` of the repository. */
const built = async (): Promise<string> => {
  const places = ['../../page/', '../../dist/page/'].map((place) => fileURLToPath(new URL(place, import.meta.url)))
  for (const place of places) if (await stat(join(place, 'index.html')).catch(() => undefined)) return place
  throw new UnavailableError('The page is not built: `npm run page` in the repository builds it.')
}

/** A server of the files of a folder, and of nothing else. It does not listen yet. */
export const fileServer = (folder: string, headers: Readonly<Record<string, string>> = isolating): Server =>
  createServer(async ({ url = '/', method }, response) => {
    const path = normalize(decodedPath(url)).replace(/\/$/, '/index.html')
    const file = resolve(folder, `.${path}`)
    const content = file.startsWith(resolve(folder)) && method === 'GET' ? await readFile(file).catch(() => undefined) : undefined
    if (content === undefined) response.writeHead(404, headers).end('not found')
    else response.writeHead(200, { ...headers, 'content-type': types.get(extname(file)) ?? 'application/octet-stream' }).end(content)
  })
const decodedPath = (url: string): string => {
  try {
    return decodeURIComponent(new URL(url, 'http://localhost').pathname)
  } catch {
    return '/malformed'
  }
}

/** @throws UnavailableError where there is no page; UsageError where --out has something in it */
export const host = async (terminal: Terminal, { out, port }: PageCommandOptions): Promise<void> => {
  const folder = await built()
  if (out === undefined) {
    const server = fileServer(folder)
    terminal.print(`${await listening(server, { host: '127.0.0.1', port })}\n`)
    return closed(server, terminal.stop)
  }
  const found = await readdir(out).catch(() => [])
  if (found.length > 0) throw new UsageError(`--out ${out}: expected a folder that is empty or new, found ${found.length} files in it`)
  await cp(folder, out, { recursive: true })
  terminal.say(`The page is in ${out}: any static host serves it.`)
}
