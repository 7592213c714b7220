/** The table of mutants: large enough, of every target; each can be run, is another program, and is told by a key of its own. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { transformSync } from 'esbuild'
import { equivalents } from './equivalents.ts'
import { mutantsOf } from './mutators.ts'
import { every, table } from './run.ts'
import { targets } from './targets.ts'

const root = new URL('../../', import.meta.url)

test('there are 300 mutants or more, by keys of their own, of all targets', () => {
  const all = table()
  assert.ok(all.length >= 300, `${all.length}`)
  assert.equal(new Set(all.map(([{ key }]) => key)).size, all.length)
  assert.deepEqual([...new Set(all.map(([{ file }]) => file))].sort(), targets.map(({ file }) => file).sort())
})
test('the tests of every target exist', () => {
  const missing = targets.flatMap(({ tests }) => tests.filter((name) => !existsSync(fileURLToPath(new URL(name, root)))))
  assert.deepEqual(missing, [])
})
test('every equivalent is in a source, once, with a reason', () => {
  const keys = new Set(targets.flatMap(every).map(({ key }) => key))
  assert.deepEqual(
    [...equivalents.keys()].filter((key) => !keys.has(key)),
    [],
  )
  for (const reason of equivalents.values()) assert.ok(reason.length > 20, reason)
})
test('a key stays the same when the code is moved and formatted, and changes with it', () => {
  const keysOf = (source: string): readonly string[] => mutantsOf('x.ts', source).map(({ key }) => key)
  const [before, moved, other] = ['f(x + 1, y)', '\n\n  f(\n    x + // one more\n      1,\n    y,\n  )', 'f(x + 2, y)'].map(
    (text) => `const g = ${text}`,
  )
  assert.deepEqual(keysOf(before!), keysOf(moved!))
  assert.notDeepEqual(keysOf(before!), keysOf(other!))
  assert.notDeepEqual(keysOf(before!), keysOf(before!.replace('g', 'h')))
})

const source = `import { a } from './a.ts'
/** 1 + 1 */
export const f = (x: 0 | 1, y = 2): number => (x < y && !a ? S.max(x, y) : x - 1)
if (f(1) > 3) throw new TypeError(\`\${1 + 2} is too much\`)
export const g = { 'name': 'x' + 'y', list: [3].filter(Boolean) }
`
test('operators: each change once, none in types, messages, imports or comments', () => {
  const found = mutantsOf('x.ts', source)
  const changes = found.map(({ before, after }) => `${before} → ${after}`)
  for (const change of [
    'x < y → (x <= y)',
    'x < y && !a → (x < y || !a)',
    '!a → (a)',
    'max → min',
    'S.max(x, y) → (x)',
    'x - 1 → (x + 1)',
    'f(1) > 3 → false',
    '2 → 3',
    '[3].filter(Boolean) → [3]',
    'x < y && !a ? S.max(x, y) : x - 1 → (x < y && !a ? x - 1 : S.max(x, y))',
  ])
    assert.equal(changes.filter((each) => each === change).length, 1, `${change} in ${changes.join('; ')}`)
  assert.ok(!changes.some((change) => change.startsWith('1 + 2') || change.startsWith("'x'")))
  const plain = (code: string): string => transformSync(code, { loader: 'ts' }).code
  for (const { source: changed, before } of found) assert.notEqual(plain(changed), plain(source), before)
})
