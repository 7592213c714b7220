/** JSON arrays come element by element, wherever the text is cut; objects over several lines are read in .json files. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { readRows } from '../../models/index.ts'
import { elementsOf } from '../../models/io/elements.ts'

const folder = await mkdtemp(join(tmpdir(), 'halograd-elements-'))
after(() => rm(folder, { recursive: true }))
const written = async (name: string, content: string): Promise<string> => {
  await writeFile(join(folder, name), content)
  return join(folder, name)
}

async function* inPieces(text: string, sizes: readonly number[]): AsyncGenerator<string> {
  let at = 0
  for (let i = 0; at < text.length; i++) {
    const size = sizes[i % sizes.length]!
    yield text.slice(at, at + size)
    at += size
  }
}
const all = async (text: AsyncIterable<string>): Promise<readonly string[]> => {
  const found: string[] = []
  for await (const element of elementsOf(text, 1e6)) found.push(element.text ?? 'too long')
  return found
}

test('any JSON values survive, however the text is cut', async () => {
  const value = fc.jsonValue().filter((each) => each !== undefined)
  await fc.assert(
    fc.asyncProperty(
      fc.array(value),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      fc.constantFrom(0, 2),
      async (values, sizes, indent) => {
        const found = await all(inPieces(` ${JSON.stringify(values, null, indent)}\n`, sizes))
        assert.deepEqual(
          found.map((text) => JSON.parse(text)),
          JSON.parse(JSON.stringify(values)),
        )
      },
    ),
    { numRuns: 300 },
  )
})

const rows = [
  { prompt: 'a', completion: 'b', label: true },
  { prompt: 'c', completion: 'd', label: false },
]
const expected = rows.map((row) => ({ tag: 'labelled', ...row }))

test('an array is data, whatever the file is called; an object alone in a .json file, too', async () => {
  assert.deepEqual(await readRows(await written('a.json', JSON.stringify(rows, null, 2))), expected)
  assert.deepEqual(await readRows(await written('a.jsonl', `\n${JSON.stringify(rows)}`)), expected)
  assert.deepEqual(await readRows(await written('one.json', JSON.stringify(rows[0], null, 2))), expected.slice(0, 1))
  assert.deepEqual(await readRows(await written('lines.json', rows.map((row) => JSON.stringify(row)).join('\n'))), expected)
})

test('an array that ends early, or holds something else, is refused with its line', async () => {
  const text = JSON.stringify(rows, null, 1)
  await assert.rejects(
    readRows(await written('cut.json', text.slice(0, -2))),
    /cut\.json:11: expected a \] at the end of the array, found the end of the file/,
  )
  await assert.rejects(
    readRows(await written('mixed.json', '[{"text": "a"},\n 7]')),
    /mixed\.json:2: expected an object in the array, found 7/,
  )
  await assert.rejects(
    readRows(await written('after.json', '[{"text": "a"}]\n{"text": "b"}')),
    /after\.json:2: expected an object in the array/,
  )
})
