/** Pages in a real browser: one script is served, opened in headless Chromium, and answers by posting to its server. */
import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium'

/** The reason why there is no browser here, or false. */
export const noBrowser = existsSync(chromium) ? false : `no Chromium at ${chromium}: set CHROMIUM`

const noGpu = ['--disable-gpu']
/** Flags for a page with WebGPU on a CPU that plays a GPU. */
export const softwareGpu: readonly string[] = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader']

/** Serve one page, isolated as shared memory demands, open it, and wait for what it posts. */
export const visit = async (script: string, gpu: readonly string[] = noGpu): Promise<string> => {
  const profile = await mkdtemp(join(tmpdir(), 'halograd-chromium-'))
  const isolated = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }
  const server = createServer()
  const answer = new Promise<string>((resolve) => {
    server.on('request', (request, response) => {
      if (request.method === 'POST') {
        let body = ''
        request.on('data', (chunk) => {
          body += chunk
        })
        request.on('end', () => resolve(body))
      }
      const [type, text] =
        request.url === '/script.js' ? ['text/javascript', script] : ['text/html', '<script type="module" src="/script.js"></script>']
      response.writeHead(200, { ...isolated, 'Content-Type': type }).end(text)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listens on a port
  const flags = [
    '--headless=new',
    '--no-sandbox',
    ...gpu,
    '--disable-background-networking',
    '--no-first-run',
    `--user-data-dir=${profile}`,
  ]
  const browser = spawn(chromium, [...flags, `http://127.0.0.1:${port}/`], { stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => browser.once('exit', () => resolve()))
  try {
    return await Promise.race([answer, ended.then(() => assert.fail('Chromium ended before the page answered'))])
  } finally {
    browser.kill('SIGKILL')
    await ended
    server.closeAllConnections()
    server.close()
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}
