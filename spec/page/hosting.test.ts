/** `halograd page`: the files of the page and nothing else, with the headers that isolate it; or the same files in a folder. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { fileServer } from '../../app/cli/hosting.ts'
import { main } from '../../app/cli/main.ts'
import type { Terminal } from '../../app/terminal/terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'halograd-hosting-'))
after(() => rmSync(folder, { recursive: true }))

test('files are served with the headers that isolate a page, and nothing outside of the folder', async () => {
  writeFileSync(join(folder, 'index.html'), '<p>page</p>')
  writeFileSync(join(folder, 'script.js'), '1')
  const server = fileServer(folder)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo // it listens on a port
  const get = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init)
  const page = await get('/')
  assert.equal(await page.text(), '<p>page</p>')
  assert.equal(page.headers.get('cross-origin-embedder-policy'), 'require-corp')
  assert.equal(page.headers.get('cross-origin-opener-policy'), 'same-origin')
  assert.match((await get('/script.js?v=1')).headers.get('content-type') ?? '', /^text\/javascript/)
  for (const path of ['/..%2f..%2fetc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/absent', '/%E0%A4%A', '/%00'])
    assert.equal((await get(path)).status, 404, path)
  assert.equal((await get('/', { method: 'POST' })).status, 404)
  server.closeAllConnections()
  server.close()
})

test('--out writes the files of the page to a new folder, and refuses one with something in it', async () => {
  const said: string[] = []
  const terminal: Terminal = {
    ...{ print: () => {}, interactive: false, stop: new AbortController().signal },
    say: (line = '') => void said.push(line),
  }
  const out = join(folder, 'page')
  const code = await main(['page', '--out', out], terminal)
  if (!existsSync(fileURLToPath(new URL('../../dist/page/index.html', import.meta.url)))) {
    assert.equal(code, 1)
    assert.match(said.join('\n'), /not built: `npm run page`/)
    return
  }
  assert.equal(code, 0)
  assert.ok(readdirSync(out).includes('index.html'))
  assert.equal(await main(['page', '--out', out], terminal), 2)
  assert.match(said.join('\n'), /expected a folder that is empty or new, found \d+ files/)
})
