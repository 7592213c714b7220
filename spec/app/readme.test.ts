/**
 * Every code block of the README is executed, in its order, in one folder that looks like a fresh clone; and so is every program of `docs/`.
 * A comment before a block says how, where it cannot be taken literally: `file: NAME` saves it, `test: COMMAND` runs that instead (the same
 * command with a small setting), `output: NUMBERS` is what it must print, `refuted: WORDS` what it must say while failing.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporary } from './fixture.ts'

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const clone = temporary()
for (const name of readdirSync(repository))
  if (!name.startsWith('.git') && name !== 'demo') symlinkSync(join(repository, name), join(clone, name))

interface Block {
  readonly language: string
  readonly text: string
  readonly how: string
  readonly what: string
}

const blocks: readonly Block[] = [
  ...readFileSync(join(repository, 'README.md'), 'utf8').matchAll(/(?:<!-- (\w+): (.*) -->\n)?```(\w*)\n([\s\S]*?)```/g),
].map(([, how = '', what = '', language = '', text = '']) => ({ how, what, language, text }))

const run = async (command: string): Promise<string> => {
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', command], { cwd: clone })
  return stdout
}
const failing = (command: string): Promise<string> =>
  run(command).then(
    () => assert.fail(`${command} should have failed`),
    (error: { readonly stdout?: string }) => error.stdout ?? '',
  )

test('the README has blocks to execute, and says how to start and how to test', () => {
  assert.ok(blocks.length >= 8)
  assert.deepEqual(
    blocks.slice(0, 2).map(({ text }) => text),
    ['npm ci && npm start\n', 'npm ci && npm test\n'],
  )
  for (const { language } of blocks) assert.match(language, /^(bash|ts)$/)
})

for (const { language, text, how, what } of blocks)
  test(`README: ${text.split('\n').find((line) => line !== '') ?? ''}`, async () => {
    if (how === 'file') writeFileSync(join(clone, what), text)
    else {
      assert.equal(language, 'bash', 'a program is a file')
      if (how === 'refuted') return assert.ok((await failing(text)).includes(what))
      const printed = await run(how === 'test' ? what : text)
      if (how === 'output') for (const number of what.split(' ')) assert.ok(printed.includes(number), `${printed} has no ${number}`)
    }
  })

const guides = readdirSync(join(repository, 'docs')).filter((file) => file.endsWith('.md'))
const programs = guides.flatMap((guide) =>
  [...readFileSync(join(repository, 'docs', guide), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, text = ''], i) => ({
    guide,
    i,
    text,
  })),
)
for (const { guide, i, text } of programs)
  test(`docs/${guide}: program ${i + 1} runs`, async () => {
    const file = `${guide.replace('.md', '')}-${i + 1}.ts`
    writeFileSync(join(clone, file), text)
    assert.notEqual(await run(`node --import tsx ${file}`), '')
  })

test('every program of the README and of docs/ type-checks', async () => {
  const names = [
    ...programs.map(({ guide, i }) => `${guide.replace('.md', '')}-${i + 1}.ts`),
    ...blocks.flatMap(({ how, what }) => (how === 'file' ? [what] : [])),
  ]
  for (const { guide, i, text } of programs) writeFileSync(join(clone, `${guide.replace('.md', '')}-${i + 1}.ts`), text)
  writeFileSync(join(clone, 'programs.json'), JSON.stringify({ extends: './tsconfig.json', include: names }))
  await run('node node_modules/typescript/bin/tsc -p programs.json')
})
