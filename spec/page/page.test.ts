/**
 * The page, as a person uses it: a loss is drawn, written, refuted and mended by clicks and keys; answers get thumbs; the model learns, also across a
 * reload, to the bits that Node gets; a hostile text leaves the page alive.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after, before } from 'node:test'
import { fileURLToPath } from 'node:url'
import axe from 'axe-core'
import { scoreAll } from '../../app/inference/scoring.ts'
import { fingerprint, type Learner, learn, learnerOf, samples } from '../../app/page/align/learner.ts'
import { score } from '../../app/page/align/score.ts'
import { buildPage } from '../../app/page/build.ts'
import { wasm } from '../../backends/wasm/index.ts'
import { catalogue, getOrThrow, kto, verify } from '../../halos/index.ts'
import { weigh } from '../../models/index.ts'
import { noPage, type Visit, visit } from './visitor.ts'

/** The page's model is trained once, and kept beside that of `npm run page`. */
const cache = fileURLToPath(new URL('../../node_modules/.cache/halograd', import.meta.url))

let visiting: Visit
let folder: string
before(async () => {
  if (noPage) return
  folder = await mkdtemp(join(tmpdir(), 'halograd-built-'))
  await buildPage(folder, 'small', cache)
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
  const scripts = readdirSync(join(folder, 'assets')).filter((file) => /^(index|prover)-.*\.js$/.test(file))
  assert.equal(scripts.length, 2)
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

const open = async (tab: string): Promise<void> => void (await visiting.page.goto(`${visiting.address}#${tab}`))

test('every verdict of the page is that of the command line', { skip }, async () => {
  const { page, picture } = visiting
  await page.setViewportSize({ width: 1280, height: 900 })
  await open('theory')
  await page.getByText(/^(\d+) of \1$/).waitFor({ timeout: 120_000 })
  const found = await page
    .locator('[data-loss]')
    .evaluateAll((rows) => rows.map((row) => [row.getAttribute('data-loss'), row.getAttribute('data-verdict-of')]))
  const here = (await catalogue()).map((family) => [family.key, verify(getOrThrow(family())).verdict])
  assert.deepEqual(found, here)
  await page.locator('#filter').fill('Kahneman')
  assert.equal(await page.locator('[data-loss=ipo]').count(), 0)
  await picture('theory')
})

/** The same model in Node. */
const learner = async (): Promise<Learner> => {
  const names = readdirSync(join(folder, 'model'))
  const files = Object.fromEntries(names.map((name) => [name, new Uint8Array(readFileSync(join(folder, 'model', name)))]))
  return learnerOf(await wasm({ threads: 1 }), files)
}
const liked = (text: string): boolean => text.length % 3 !== 0

test('answers get thumbs by keys, skips and undos', { skip }, async () => {
  const { page, picture } = visiting
  await open('judge')
  const answer = page.locator('.answer')
  await answer.waitFor()
  const first = await answer.textContent()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Backspace')
  await page.keyboard.press('Backspace')
  assert.equal(await answer.textContent(), first)
  for (let i = 0; i < 20; i++) {
    await page.locator(`[data-sample="${i}"]`).waitFor()
    await page.keyboard.press(liked((await answer.textContent()) ?? '') ? 'ArrowRight' : 'ArrowLeft')
  }
  await picture('judge')
  assert.match((await page.locator('.tally').textContent()) ?? '', /^\s*\d+ liked\s*\d+ disliked\s*$/)
})

test('a run that a closed tab ended goes on after a reload, to the bits that Node gets', { skip, timeout: 120_000 }, async () => {
  const { page, picture } = visiting
  await open('align')
  await page.locator('#steps').fill('150')
  await page.getByRole('button', { name: 'Train on 20 thumbs' }).click()
  await page.waitForFunction(() => Number(document.querySelector('[data-run]')?.getAttribute('data-step')) >= 5)
  await page.reload()
  await page.locator('[data-state=paused]').waitFor()
  assert.ok(Number(await page.locator('[data-run]').getAttribute('data-step')) >= 1)
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.locator('[data-state=done]').waitFor({ timeout: 60_000 })
  await page.locator('[data-wins]').waitFor()
  await picture('aligned')
  const own = await learner()
  const written = await samples(own, 0, 32)
  const thumbs = written.slice(0, 20).map((sample) => ({ ...sample, label: liked(sample.text.trim()), by: 'person' as const }))
  const up = thumbs.filter(({ label }) => label).length
  const { better = { desirable: 1, undesirable: 1 } } = weigh({ desirable: up, undesirable: 20 - up })
  const parameters = await learn(own, getOrThrow(kto({ beta: 0.1, ...better })), thumbs, { steps: 150, batch: 10, rate: 4e-4, seed: 1 })
  assert.equal(await page.locator('[data-fingerprint]').textContent(), await fingerprint(own, parameters))
  const rows = written.slice(0, 4)
  const [here, elsewhere] = [
    await score(own.backend, own.model, parameters, rows),
    await scoreAll(own.backend, own.model, parameters, rows),
  ]
  for (const [i, x] of here.entries()) assert.ok(Math.abs(x - (elsewhere[i] ?? 0)) < 1e-3, `log π of text ${i}: ${x}, and ${elsewhere[i]}`)
  const alive: number[] = []
  await learn(own, getOrThrow(kto()), thumbs, {
    steps: 30,
    batch: 10,
    rate: 1e-3,
    seed: 2,
    onStep: async () => void alive.push(own.backend.live?.() ?? 0),
  })
  assert.ok((alive[2] ?? 0) > 0 && alive.at(-1) === alive[2], `arrays that live after each step: ${alive.join()}`)
  await own.backend.close?.()
  assert.deepEqual(visiting.complaints, [])
})

test('a screen reader and a keyboard find everything: axe finds nothing, in the light and in the dark', { skip }, async () => {
  const { page } = visiting
  await page.addScriptTag({ content: axe.source })
  const violations = () =>
    page.evaluate<readonly string[]>(
      'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ target, failureSummary }) => target + " " + failureSummary).slice(0, 3).join(" | ")))',
    )
  for (const tab of ['declare', 'judge', 'align', 'own', 'theory']) {
    await page.evaluate((hash) => {
      location.hash = hash
    }, tab)
    await page.locator(`nav a[href="#${tab}"][aria-current=page]`).waitFor()
    for (const theme of ['light', 'dark']) {
      await page.evaluate((chosen) => {
        document.documentElement.dataset.theme = chosen
      }, theme)
      await page.waitForTimeout(200) // transitions of colour
      assert.deepEqual(await violations(), [], `${tab}, ${theme}`)
    }
  }
  await page.evaluate(() => document.querySelector('main')?.append(document.createElement('input')))
  assert.match(String(await violations()), /label/, 'a field without a name is found')
})

test('a host without headers is helped by the service worker: threads, and no network needed', { skip }, async () => {
  const plain = await visit(folder, { headers: {} })
  await plain.page.waitForFunction(() => crossOriginIsolated)
  await plain.page.locator('[data-verdict]').waitFor()
  await plain.page.context().setOffline(true)
  await plain.page.reload()
  await plain.page.locator('[data-verdict]').waitFor()
  assert.ok(await plain.page.evaluate(() => crossOriginIsolated))
  await plain.end()
})

test('a newcomer refutes a value function, mends it, gives 20 thumbs, aligns with it, and sees the win rate', {
  skip,
  timeout: 120_000,
}, async (t) => {
  const { page, picture, complaints, end } = await visit(folder)
  const began = performance.now()
  await page.locator('[data-verdict="not a HALO"][data-stale=false]').waitFor()
  await page.locator('#margin').fill('-1')
  await page.locator('[data-verdict=HALO][data-stale=false]').waitFor()
  await page.getByRole('link', { name: 'Judge', exact: true }).click()
  for (let i = 0; i < 20; i++) {
    await page.locator(`[data-sample="${i}"]`).waitFor()
    await page.getByRole('button', { name: i % 3 === 0 ? 'I don’t' : 'I like it' }).click()
  }
  await page.getByRole('link', { name: 'Align the model' }).click()
  await page.locator('#loss').selectOption('declared')
  await page.locator('#beside').selectOption('kto')
  await page.locator('#steps').fill('20')
  await page.getByRole('button', { name: 'Train on 20 thumbs' }).click()
  await page.locator('[data-run="run A"][data-state=done]').waitFor({ timeout: 60_000 })
  await page.locator('[data-run="run B"][data-state=done]').waitFor({ timeout: 60_000 })
  const rates = await page.locator('[data-wins]').evaluateAll((all) => all.map((each) => Number(each.getAttribute('data-wins'))))
  t.diagnostic(`${Math.round((performance.now() - began) / 1000)} s`)
  assert.equal(rates.length, 2)
  assert.ok(rates.every((rate) => rate > 0.1 && rate < 0.9))
  await picture('newcomer')
  assert.deepEqual(complaints, [])
  await end()
})

/** The losses of the run that the page has kept. */
const losses = (page: Visit['page']): Promise<readonly number[]> =>
  page.evaluate(
    () =>
      new Promise((done) => {
        const opening = indexedDB.open('halograd', 1)
        opening.onsuccess = () => {
          const asked = opening.result.transaction('kept').objectStore('kept').get('run A')
          asked.onsuccess = () => done(asked.result.curve.map(({ metrics }: { metrics: { loss: number } }) => metrics.loss))
        }
      }),
  )

test('on WebGPU the same run has the same losses, but for rounding', { skip, timeout: 180_000 }, async (t) => {
  const { page, address, complaints, end } = await visit(folder, { graphics: true })
  await page.goto(`${address}#judge`)
  for (let i = 0; i < 8; i++) {
    await page.locator(`[data-sample="${i}"]`).waitFor()
    await page.keyboard.press(i % 3 === 0 ? 'ArrowLeft' : 'ArrowRight')
  }
  await page.goto(`${address}#align`)
  await page.locator('#steps').fill('10')
  const card = page.locator('#device')
  if (
    await card.waitFor({ timeout: 10_000 }).then(
      () => false,
      () => true,
    )
  ) {
    t.skip('this Chromium has no WebGPU adapter')
    return end()
  }
  const run = async (device: string): Promise<readonly number[]> => {
    await card.selectOption(device)
    await page.getByRole('button', { name: 'Train on 8 thumbs' }).click()
    await page.locator('[data-state=done]').waitFor({ timeout: 120_000 })
    assert.match((await page.locator('[data-run]').textContent()) ?? '', device === 'wasm' ? /on WebAssembly/ : /on WebGPU/)
    const found = await losses(page)
    await page.getByRole('button', { name: 'Forget' }).click()
    return found
  }
  const [exact, rounded] = [await run('wasm'), await run('webgpu')]
  assert.equal(rounded.length, 10)
  for (const [i, x] of rounded.entries()) assert.ok(Math.abs(x - (exact[i] ?? 0)) < 1e-4, `step ${i + 1}: ${x}, not ${exact[i]}`)
  assert.notDeepEqual(rounded, exact, 'another device rounds otherwise: this one did not run')
  assert.deepEqual(complaints, [])
  await end()
})
