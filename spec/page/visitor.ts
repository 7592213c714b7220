/** The page in a real browser, from the files that are built, as a person has it: served with the headers of `halograd page`, clicked and typed at. */
import { existsSync, mkdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { fileServer } from '../../app/cli/hosting.ts'
import { noBrowser } from '../browser.ts'

const dist = fileURLToPath(new URL('../../dist/index.js', import.meta.url))
/** Why the page cannot be visited here, or false. */
export const noPage = noBrowser || (existsSync(dist) ? false : 'there is no dist/: npm run build')

/** Where pictures are kept to be looked at: outside the repository, if anywhere. */
const pictures = process.env.HALOGRAD_PICTURES

export interface Visit {
  readonly page: Page
  readonly address: string
  /** Errors that the page did not handle, and requests that left it. */
  readonly complaints: readonly string[]
  /** A picture of the page as it is, kept where HALOGRAD_PICTURES says. */
  readonly picture: (name: string) => Promise<void>
  readonly end: () => Promise<void>
}

const flags = [
  ...[
    '--no-sandbox',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
]
/** WebGPU without a graphics card: slow, and the same arithmetic. */
const software = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader']

/** Serve a folder, with the headers of `halograd page` or others, and open it in Chromium with an empty profile. */
export const visit = async (
  folder: string,
  { headers, graphics = false }: { readonly headers?: Readonly<Record<string, string>>; readonly graphics?: boolean } = {},
): Promise<Visit> => {
  const profile = await mkdtemp(join(tmpdir(), 'halograd-page-'))
  const server = fileServer(folder, headers)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo // it listens on a port
  const address = `http://127.0.0.1:${port}/`
  const browser: BrowserContext = await chromium.launchPersistentContext(profile, {
    ...{ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, viewport: { width: 1280, height: 900 } },
    args: [...flags, ...(graphics ? software : ['--disable-gpu'])],
  })
  const page = browser.pages()[0] ?? (await browser.newPage())
  const complaints: string[] = []
  page.on('pageerror', ({ message }) => complaints.push(message))
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on(
    'request',
    (request) => /^(blob|data):/.test(request.url()) || request.url().startsWith(address) || complaints.push(request.url()),
  )
  page.setDefaultTimeout(30_000)
  await page.goto(address)
  const picture = async (name: string): Promise<void> => {
    if (pictures === undefined) return
    mkdirSync(pictures, { recursive: true })
    await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true })
  }
  const end = async (): Promise<void> => {
    await browser.close()
    server.closeAllConnections()
    server.close()
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
  return { page, address, complaints, picture, end }
}
