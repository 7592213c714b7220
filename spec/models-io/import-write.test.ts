/** Rows written in the shape of another program read as the same rows: the mapping forwards undoes the mapping backwards. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { importing, presets } from '../../models/index.ts'
import { type Reading, writersOf } from '../../models/internal.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '../data/import')
const folder = await mkdtemp(join(tmpdir(), 'halograd-write-'))
after(() => rm(folder, { recursive: true }))

type Rows = readonly Readonly<Record<string, unknown>>[]
/** Rows, written and read again. */
const again = async (name: string, kind: Reading, rows: Rows): Promise<Rows> => {
  const preset = presets.find((each) => each.name === name)!
  const file = join(folder, `${name}-${kind}.jsonl`)
  await writeFile(file, rows.map((row) => `${JSON.stringify(writersOf(preset)[kind]!(row))}\n`).join(''))
  const read: Readonly<Record<string, unknown>>[] = []
  for await (const row of importing([file], preset.mappings, { as: kind }).rows) read.push(row)
  return read
}

const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '"', 'é', '\n'), minLength: 1 }).map((s) => `x${s}`)
const prompt = fc.tuple(fc.option(text), fc.array(text, { maxLength: 2 }), text).map(([system, earlier, last]) => [
  ...(system === null ? [] : [{ role: 'system', content: system }]),
  ...earlier.flatMap((content) => [
    { role: 'user', content },
    { role: 'assistant', content },
  ]),
  { role: 'user', content: last },
])
const answer = text.map((content) => [{ role: 'assistant', content }])
const rows: { readonly [R in Reading]: fc.Arbitrary<Record<string, unknown>> } = {
  labels: fc.record({ prompt, completion: answer, label: fc.boolean() }, { noNullPrototype: true }),
  pairs: fc.record({ prompt, chosen: answer, rejected: answer }, { noNullPrototype: true }),
  demonstrations: fc.record({ prompt, completion: answer }, { noNullPrototype: true }),
}

const targets = presets.flatMap((preset) => (Object.keys(writersOf(preset)) as Reading[]).map((kind) => [preset.name, kind] as const))

describe('written and read again', () => {
  test('shapes that can be written', () => {
    assert.deepEqual([...new Set(targets.map(([name]) => name))], ['llama-factory', 'ms-swift', 'openai', 'sharegpt', 'trl'])
  })
  for (const [name, kind] of targets)
    test(`${kind} as ${name}`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(rows[kind], { minLength: 1, maxLength: 4 }), async (each) =>
          assert.deepEqual(await again(name, kind, each), each),
        ),
        { numRuns: 25 },
      )
    })
  test('tools and calls of them stay, however a shape writes them', async () => {
    const cases: readonly { readonly files: readonly string[]; readonly rows: Rows }[] = JSON.parse(
      await readFile(join(root, 'sharegpt/cases.json'), 'utf8'),
    )
    for (const name of ['sharegpt', 'trl', 'ms-swift'])
      assert.deepEqual(await again(name, 'demonstrations', cases[0]!.rows), cases[0]!.rows)
    const pairs: readonly { readonly rows: Rows }[] = JSON.parse(await readFile(join(root, 'openai/cases.json'), 'utf8'))
    for (const name of ['openai', 'trl', 'ms-swift']) assert.deepEqual(await again(name, 'pairs', pairs[0]!.rows), pairs[0]!.rows)
  })
  test('a text without turns stays one where the shape has it', async () => {
    const plain = [{ prompt: 'The sky is', completion: ' blue.', label: true }]
    assert.deepEqual(await again('trl', 'labels', plain), plain)
    const turns = [
      { prompt: [{ role: 'user', content: 'The sky is' }], completion: [{ role: 'assistant', content: ' blue.' }], label: true },
    ]
    assert.deepEqual(await again('llama-factory', 'labels', plain), turns)
  })
})
