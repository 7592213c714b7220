/** The first tab: a loss is drawn, written, refuted and mended by clicks and keys; a hostile text leaves the page alive. */
import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after, before } from 'node:test'
import { buildPage } from '../../app/page/build.ts'
import { noPage, type Visit, visit } from './visitor.ts'

let visiting: Visit
let folder: string
before(async () => {
  if (noPage) return
  folder = await mkdtemp(join(tmpdir(), 'halograd-built-'))
  await buildPage(folder)
  visiting = await visit(folder)
})
after(async () => {
  await visiting?.end()
  if (folder) await rm(folder, { recursive: true })
})

/** The verdict that the page has come to. */
const verdict = async (): Promise<string | null> => {
  await visiting.page.locator('[data-stale=false]').waitFor()
  return visiting.page.locator('[data-verdict]').getAttribute('data-verdict')
}
const skip = noPage
const type = async (text: string): Promise<void> => visiting.page.locator('#value').fill(text)
const says = (text: RegExp): Promise<void> => visiting.page.getByRole('alert').filter({ hasText: text }).waitFor()

test('the page and its prover are at most 250 kB of script', { skip }, (t) => {
  const scripts = readdirSync(join(folder, 'assets')).filter((file) => file.endsWith('.js') && !file.startsWith('katex'))
  const bytes = scripts.map((file) => statSync(join(folder, 'assets', file)).size).reduce((a, b) => a + b, 0)
  t.diagnostic(`${scripts.join(', ')}: ${bytes} bytes`)
  assert.ok(bytes <= 250_000)
})

test('a margin on the wrong side is refuted with its witness, and mended with the arrow keys', { skip }, async () => {
  const { page, picture } = visiting
  assert.equal(await verdict(), 'not a HALO')
  assert.equal(await page.locator('.witness').count(), 1)
  await picture('declare-refuted')
  await page.locator('#margin').focus()
  for (let i = 0; i < 10; i++) await page.keyboard.press('ArrowLeft')
  await page.locator('[data-verdict=HALO][data-stale=false]').waitFor()
  assert.equal(await page.locator('.witness').count(), 0)
  assert.match(
    (await page.getByLabel('TypeScript', { exact: true }).textContent()) ?? '',
    /value\('v\(z\)', \(S\) => \(z\) => S\.sigmoid\(z\)\)/,
  )
  assert.match(page.url(), /margin=0/)
})

test('a curve is drawn by keys, and its text is what is judged', { skip }, async () => {
  const { page, picture } = visiting
  await page.getByRole('button', { name: 'Draw it' }).click()
  const point = page.getByRole('slider', { name: 'v at z = 2' })
  await point.focus()
  for (let i = 0; i < 4; i++) await page.keyboard.press('PageUp')
  await page.locator('[data-verdict="not a HALO"][data-stale=false]').waitFor()
  await picture('declare-drawn')
  for (let i = 0; i < 4; i++) await page.keyboard.press('PageDown')
  const text = await page.locator('#value').inputValue()
  assert.match(text, /^[\d.]+ \* z .* max\(0, z - \d\)/)
  await page.getByRole('button', { name: 'Done drawing' }).click()
})

test('a hostile text leaves the page alive, and it says why', { skip }, async () => {
  await type('while (true) {}')
  await says(/“{” is not part/)
  await type(`${'('.repeat(500)}z`)
  await says(/deep/)
  await type('alert(1)')
  await says(/no function “alert”/)
  await type('log(z)')
  assert.equal(await verdict(), 'undecided')
  await type('(z - z) / (z - z)')
  assert.notEqual(await verdict(), 'HALO')
  await type('(S) => (z) => S.mul(S.of(-1), S.softplus(S.mul(S.of(-1), z)))')
  assert.equal(await verdict(), 'HALO')
  assert.deepEqual(visiting.complaints, [])
})

test('a link brings a loss of the catalogue, and its parts can be changed', { skip }, async () => {
  const { page, address, picture } = visiting
  await page.goto(`${address}#declare?loss=dpo&beta=0.3`)
  await page.getByText('DPO: HALO').waitFor()
  await page.getByRole('button', { name: 'Take it apart' }).click()
  await page.getByText('my DPO: HALO').waitFor()
  assert.equal(await page.locator('#value').inputValue(), '-softplus(-z)')
  await page.setViewportSize({ width: 390, height: 800 })
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390)
  await picture('declare-phone')
})
