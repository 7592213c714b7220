/** Formulas of the page: parsed, never run; what is written out parses to the same function; what is wrong is named with its place. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { ExpressionError } from '../../app/page/declare/cursor.ts'
import { fromAddress, type PartsDraft, toAddress } from '../../app/page/declare/draft.ts'
import { moved, places, textOf } from '../../app/page/declare/drawing.ts'
import { bodyOf, call, constant, type Expression, parse, variable } from '../../app/page/declare/expression.ts'
import { formulaOf, typescriptOf } from '../../app/page/declare/writing.ts'
import { wrongParts } from '../../app/page/declare/wrong.ts'
import { numbers, type Primitive, primitives } from '../../core/index.ts'

const at = (text: string, z: number): number => bodyOf(parse(text))(numbers)(z)

test('formulas mean what mathematics means', () => {
  const cases: readonly (readonly [text: string, z: number, y: number])[] = [
    ...[['1 + 2 z^2', 3, 19] as const, ['-z^2', 3, -9] as const, ['2 - 3 - 4', 0, -5] as const, ['8 / 2 / 2', 0, 2] as const],
    ...[['min(z, 1) + max(z, 1)', 5, 6] as const, ['abs(-3) z', 2, 6] as const, ['z < 0 ? 2z : z', -1, -2] as const],
    ...[
      ['e^(z)', 1, Math.E] as const,
      ['σ(z)', 0, 0.5] as const,
      ['logsigmoid(z)', 0, -Math.log(2)] as const,
      ['(z + 1)(z − 1)', 3, 8] as const,
    ],
    ...[['(S) => (z) => S.sub(z, S.of(1))', 3, 2] as const, ['(T) => (x) => T.max(T.of(0), x)', -3, 0] as const],
  ]
  for (const [text, z, y] of cases) assert.ok(Math.abs(at(text, z) - y) < 1e-12, `${text} at ${z}: ${at(text, z)}, not ${y}`)
})

test('what is no formula is refused with its place', () => {
  const cases: readonly (readonly [text: string, place: number, why: RegExp])[] = [
    ...[['', 0, /ends too early/] as const, ['z +', 3, /ends too early/] as const, ['foo(z)', 0, /no function “foo”/] as const],
    ...[['2 $ z', 2, /“\$”/] as const, ['max(z)', 6, /max takes 2 arguments, found 1/] as const, ['z^0.5', 2, /whole number/] as const],
    ...[
      ['constructor(z)', 0, /no function/] as const,
      ['(S) => (z) => { while (1) {} }', 14, /“{”/] as const,
      ['z z z)', 5, /end of the formula/] as const,
    ],
    ...[
      ['('.repeat(200), 100, /deep/] as const,
      ['-'.repeat(200), 100, /deep/] as const,
      ['z'.repeat(3000), 2000, /at most 2000/] as const,
    ],
  ]
  for (const [text, place, why] of cases)
    assert.throws(
      () => parse(text),
      (error) => error instanceof ExpressionError && why.test(error.message) && error.at === place,
      text || 'nothing',
    )
})

const arity: ReadonlyMap<Primitive, number> = new Map([
  ...['add', 'sub', 'mul', 'div', 'max', 'less', 'equal'].map((p) => [p as Primitive, 2] as const),
  ['where', 3],
])
const { tree } = fc.letrec<{ tree: Expression }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constant(variable),
    fc.integer({ min: -9, max: 9 }).map((n) => constant(n / 4)),
    fc
      .constantFrom(...primitives)
      .chain((p) => fc.tuple(...Array.from({ length: arity.get(p) ?? 1 }, () => tie('tree'))).map((args) => call(p, ...args))),
  ),
}))

test('a formula written out, for people or in TypeScript, is the same function', () => {
  fc.assert(
    fc.property(tree, fc.integer({ min: -12, max: 12 }), (expression, n) => {
      const body = bodyOf(expression)
      const z = n / 4
      assert.equal(at(formulaOf(body), z), body(numbers)(z))
      const written = typescriptOf(expression)
      if (/^\(S\) => \(z\)/.test(written)) assert.equal(at(written, z), body(numbers)(z))
    }),
    { numRuns: 300 },
  )
})

test('a drawn curve goes through its points, and rises if it is to', () => {
  const value = fc.integer({ min: -96, max: 96 }).map((n) => n / 16)
  fc.assert(
    fc.property(fc.array(value, { minLength: 9, maxLength: 9 }), fc.nat(8), value, (values, i, to) => {
      const after = moved(values, i, to, false)
      for (const [j, place] of places.entries()) assert.equal(at(textOf(after), place), after[j])
      const rising = moved(
        [...values].sort((a, b) => a - b),
        i,
        to,
        true,
      )
      assert.ok(rising.every((y, j) => j === 0 || y >= (rising[j - 1] ?? y)))
    }),
    { numRuns: 100 },
  )
})

test('an address says the whole draft; what it says wrongly is left out', () => {
  const draft: PartsDraft = {
    ...{
      kind: 'parts',
      name: '<b>&=',
      reward: 'logOdds',
      reference: 'anchor',
      value: 'z + 1 & <i>',
      beta: 0.25,
      margin: -1,
      desirable: 2,
      undesirable: 3,
    },
  }
  assert.deepEqual(fromAddress(toAddress(draft)), draft)
  assert.deepEqual(fromAddress('loss=kto&beta=0.2&x=NaN'), { kind: 'catalogue', loss: 'kto', settings: { beta: 0.2 } })
  assert.deepEqual(fromAddress('reward=__proto__&beta=x'), fromAddress(''))
})

test('the parts of a curve that refute it are where it falls, and where it bends upwards on gains', () => {
  const curve = (v: (z: number) => number) => Array.from({ length: 41 }, (_, i) => [(i - 20) / 4, v((i - 20) / 4)] as const)
  const wrong = (v: (z: number) => number): readonly number[] => wrongParts(curve(v)).flatMap(([z, y]) => (Number.isFinite(y) ? [z] : []))
  assert.deepEqual(wrong(Math.tanh), [])
  assert.deepEqual(
    wrong((z) => Math.max(0, z - 1)),
    [0.75, 1, 1.25],
  )
  assert.ok(wrong((z) => -((z - 1) ** 2)).every((z) => z >= 0.75))
})
