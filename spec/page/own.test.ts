/** The tab of one's own model: a directory is read, talks, learns and is handed out; whatever is no model is refused in a sentence. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after, before } from 'node:test'
import { fileURLToPath } from 'node:url'
import { buildPage } from '../../app/page/build.ts'
import { noPage, type Visit, visit } from './visitor.ts'

const cache = fileURLToPath(new URL('../../node_modules/.cache/halograd', import.meta.url))
let visiting: Visit
let folder: string
before(async () => {
  if (noPage) return
  folder = await mkdtemp(join(tmpdir(), 'halograd-own-'))
  await buildPage(join(folder, 'page'), 'small', cache)
  visiting = await visit(join(folder, 'page'))
  await visiting.page.goto(`${visiting.address}#own`)
})
after(async () => {
  await visiting?.end()
  if (folder) await rm(folder, { recursive: true })
})
const skip = noPage
const choose = (directory: string): Promise<void> => visiting.page.locator('#directory').setInputFiles(directory)
const model = (): string => join(folder, 'page/model')

/** A copy of the model, spoilt. */
const spoilt = async (name: string, spoil: (directory: string) => Promise<void>): Promise<string> => {
  const directory = join(folder, name)
  await mkdir(directory)
  await cp(model(), directory, { recursive: true })
  await spoil(directory)
  return directory
}

test('whatever is no model is refused in a sentence, and the page lives', { skip, timeout: 120_000 }, async () => {
  const weights = (directory: string): string => join(directory, 'model.safetensors')
  const header = Buffer.alloc(8)
  header.writeBigUInt64LE(2n ** 60n)
  const config = JSON.parse(readFileSync(join(model(), 'config.json'), 'utf8'))
  const write = (change: object) => (directory: string) =>
    writeFile(join(directory, 'config.json'), JSON.stringify({ ...config, ...change }))
  const cases: readonly (readonly [name: string, spoil: (directory: string) => Promise<void>, says: RegExp])[] = [
    ['truncated', (directory) => truncate(weights(directory), 60_000), /model\.safetensors.*expected/],
    ['huge-header', (directory) => writeFile(weights(directory), header), /model\.safetensors: expected/],
    ['wrong-shapes', write({ n_embd: 32 }), /expected .*found/],
    ['unknown-family', write({ model_type: '<img src=x onerror=alert(1)>' }), /<img src=x onerror=alert\(1\)>/],
    ['no-tokenizer', (directory) => rm(join(directory, 'tokenizer.json')), /tokenizer\.json/],
  ]
  for (const [name, spoil, says] of cases) {
    await choose(await spoilt(name, spoil))
    await visiting.page.getByRole('alert').filter({ hasText: says }).waitFor()
    assert.equal(await visiting.page.locator('.facts').count(), 0, name)
  }
  assert.equal(await visiting.page.locator('img').count(), 0)
})

/** Say something, and wait for the answer. */
const say = async (text: string): Promise<void> => {
  const { page } = visiting
  const before = await page.locator('.reply .row').count()
  await page.getByLabel('What you say').fill(text)
  await page.keyboard.press('Enter')
  await page.locator('.reply .row').nth(before).waitFor()
}

test('a directory talks, learns adapters from thumbs, and hands them out', { skip, timeout: 120_000 }, async () => {
  const { page, picture, complaints } = visiting
  await choose(model())
  await page.locator('.facts').waitFor()
  assert.match((await page.locator('.facts').textContent()) ?? '', /gpt2.*36,592.*32 tokens/s)
  for (const [i, text] of ['the white whale', 'the old captain', 'the sea'].entries()) {
    await say(text)
    await page
      .locator('.reply')
      .nth(i)
      .getByRole('button', { name: i === 1 ? 'I don’t like it' : 'I like it', exact: true })
      .click()
  }
  await page.getByRole('button', { name: 'Align with KTO' }).click()
  await page.getByText('Aligned: it answers').waitFor({ timeout: 60_000 })
  await say('call me')
  await picture('own')
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save adapters' }).click()])
  assert.equal(file.suggestedFilename(), 'adapter_config.json')
  assert.equal(JSON.parse(await readFile(await file.path(), 'utf8')).r, 8)
  assert.deepEqual(complaints, [])
})

test('a model of the hub is fetched when it is named, and nothing else leaves the page', { skip, timeout: 120_000 }, async () => {
  const { page, complaints } = visiting
  await page.route('https://huggingface.co/**', async (route) => {
    const [, name = ''] = /^https:\/\/huggingface\.co\/some\/model\/resolve\/main\/(.+)$/.exec(route.request().url()) ?? []
    const body = await readFile(join(model(), name)).catch(() => undefined)
    const headers = { 'access-control-allow-origin': '*' }
    await route.fulfill(body === undefined ? { status: 404, headers } : { body, headers })
  })
  const hub = page.getByPlaceholder('HuggingFaceTB')
  await hub.fill('some/model')
  await hub.press('Enter')
  await page.locator('.facts').filter({ hasText: 'gpt2' }).waitFor()
  await hub.fill('../etc')
  await hub.press('Enter')
  await page.getByRole('alert').filter({ hasText: 'owner/name' }).waitFor()
  assert.ok(
    complaints.every((each) => each.startsWith('https://huggingface.co/some/model/') || each.includes('404')),
    complaints.join('\n'),
  )
})
