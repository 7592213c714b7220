/** One huge object is read by the elements of its arrays: as JSON.parse has them, wherever the text is cut into pieces; what is broken is said. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { either as E } from 'fp-ts'
import { uniform } from '../../core/internal.ts'
import { type ObjectPart, partsOf } from '../../models/io/members.ts'
import { readRecords } from '../../models/io/records.ts'
import { halograd, temporary } from '../app/fixture.ts'

const folder = temporary()
async function* inPieces(text: string, size: number): AsyncGenerator<string> {
  for (let from = 0; from < text.length; from += size) yield text.slice(from, from + size)
}
const partsIn = async (text: string, size = 7, longest = 1e6): Promise<readonly ObjectPart[]> => {
  const found: ObjectPart[] = []
  for await (const part of partsOf(inPieces(text, size), longest)) found.push(part)
  return found
}
const jsonOf = (parts: readonly ObjectPart[]) => parts.map(({ json }) => json)

const object = {
  version: 1,
  'a "key", with [signs]': 'a \\ "text" } ] ,',
  meta: { list: [1, 2, { x: '}' }] },
  data: [{ id: 1, said: 'one, [two] {three}' }, { id: 2, nested: [[1], { a: [] }] }, 'a text', 7],
  empty: [],
  more: [{ id: 3, said: '\\"\n' }],
  last: null,
}
const { version, meta, data, more } = object
const before = { version, 'a "key", with [signs]': object['a "key", with [signs]'], meta }
const expected = [...data.map((each) => ({ ...before, data: [each] })), ...more.map((each) => ({ ...before, more: [each] }))]

for (const [how, text] of [
  ['on one line', JSON.stringify(object)],
  ['over many lines', JSON.stringify(object, null, 3)],
] as const)
  test(`the elements of an object ${how}, however it is cut`, async () => {
    for (let size = 1; size <= 40; size++) assert.deepEqual(jsonOf(await partsIn(text, size)), expected, `pieces of ${size}`)
  })

test('lines are those on which elements end', async () => {
  const parts = await partsIn('{\n"data": [\n{"id": 1},\n{"id":\n2}\n]\n}')
  assert.deepEqual(
    parts.map(({ line }) => line),
    [3, 6],
  )
})

test('an object that ends too early, an element that is no JSON, and one that is too long are said', async () => {
  assert.deepEqual(await partsIn('{"data": [{"id": 1}, {"id"'), [
    { line: 1, json: { data: [{ id: 1 }] } },
    { line: 1, text: '' },
  ])
  assert.deepEqual(await partsIn('{"data": [{"id": 1}, {id: 2}]}'), [
    { line: 1, json: { data: [{ id: 1 }] } },
    { line: 1, text: ' {id: 2}' },
  ])
  assert.deepEqual(await partsIn(`{"data": [{"id": 1}, "${'x'.repeat(99)}", {"id": 3}]}`, 9, 50), [
    { line: 1, json: { data: [{ id: 1 }] } },
    { line: 1 },
    { line: 1, json: { data: [{ id: 3 }] } },
  ])
})

test('an object without arrays that is too large is one flaw; a member called __proto__ is a member', async () => {
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`id${i}`, { said: 'x' }]))
  const flaws = await partsIn(JSON.stringify(many), 9, 200)
  assert.deepEqual(flaws, [{ line: 1 }])
  const [part] = await partsIn('{"__proto__": {"polluted": true}, "data": [1]}')
  assert.deepEqual(Object.keys(part?.json ?? {}), ['__proto__', 'data'])
  assert.equal(part?.json?.polluted, undefined)
})

test('a small object stays whole; a large one says the same in parts', async () => {
  const rows = Array.from({ length: 60 }, (_, i) => ({
    question: `q${i}`,
    answer: `a ${'x'.repeat(Math.floor(9 * uniform(3, 0, i)))}`,
    stars: i % 2 ? 5 : 1,
  }))
  const file = join(folder, 'log.json')
  writeFileSync(file, JSON.stringify({ page: 1, data: rows }))
  const records = async (longestLine: number) => {
    const found = []
    for await (const { content } of readRecords(file, { longestLine })) if (E.isRight(content)) found.push(content.right)
    return found
  }
  assert.deepEqual(await records(1e6), [{ page: 1, data: rows }])
  assert.deepEqual(
    await records(300),
    rows.map((row) => ({ page: 1, data: [row] })),
  )
  const imported = async (...more: readonly string[]) => {
    const out = join(folder, 'rows.jsonl')
    const paths = [
      '--records',
      'data[*]',
      '--prompt',
      'question',
      '--completion',
      'answer',
      '--verdict',
      'stars',
      '--good',
      '5',
      '--bad',
      '1',
    ]
    const run = await halograd('data', 'import', file, ...paths, '--out', out, '--json', ...more)
    assert.equal(run.code, 0, run.err)
    return JSON.parse(run.out)
  }
  assert.deepEqual(await imported('--max-line', '300'), await imported())
})
