/** A body that asks for a primitive which does not exist is told so, with the primitives there are and the place in its own file. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import {
  dual,
  interpretation,
  numbers,
  primitives,
  type Scalar,
  tensor,
  type Unary,
  UnknownPrimitiveError,
  unary,
} from '../../core/index.ts'

const here = fileURLToPath(import.meta.url)
const line =
  readFileSync(here, 'utf8')
    .split('\n')
    .findIndex((text) => text.startsWith('const asking')) + 1
/** What JavaScript lets a body do: the cast is the mistake that is tested. */
const asking = (name: string): Unary => ((S: Record<string, (...xs: unknown[]) => unknown>) => (x: unknown) => S[name]!(x, x)) as never
const isToldOf =
  (name: string) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof UnknownPrimitiveError)
    assert.equal(error.primitive, name)
    assert.ok(error.location?.startsWith(`${here}:${line}:`), error.location)
    assert.match(error.message, new RegExp(`^S\\.${name} is not a primitive`))
    for (const primitive of primitives) assert.match(error.message, new RegExp(`\\b${primitive}\\b`))
    return true
  }

const text = interpretation<string>(String, (primitive, args) => `${primitive}(${args.join(', ')})`)
const readings: Readonly<Record<string, (body: Unary) => unknown>> = {
  numbers: (body) => body(numbers)(1),
  duals: (body) => body(dual(numbers))({ primal: 1, tangent: 1 }),
  tensors: (body) => unary(body)(tensor({ i: 2 }, [1, 2])),
  'an interpretation of one’s own': (body) => body(text)('x'),
}
for (const [name, read] of Object.entries(readings))
  test(`${name}: S.ge and S.pow are refused by name, with the place`, () => {
    for (const primitive of ['ge', 'pow', 'Add']) assert.throws(() => read(asking(primitive)), isToldOf(primitive))
    for (const primitive of primitives.slice(0, 5)) read(asking(primitive)) // control: what exists is not refused
  })

test('an interpretation is a plain object to whoever prints, compares or awaits it', async () => {
  assert.deepEqual(Object.keys(numbers), ['of', ...primitives])
  assert.equal(await Promise.resolve(numbers as Scalar<number>), numbers)
  assert.match(inspect(numbers), /softplus/)
  assert.equal(String(numbers), '[object Object]')
  assert.equal(JSON.stringify(numbers), '{}')
  assert.ok(!('ge' in numbers))
  assert.deepEqual({ ...numbers }, { ...numbers })
})
