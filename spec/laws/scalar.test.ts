/** The interpretations of the scalar language agree: one text, many meanings, one function. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { derivative, numbers, type Primitive, primitives, type Unary } from '../../core/index.ts'
import { applyPrimitive, definitions, intervals, javascript } from '../../core/internal.ts'

const arity: { readonly [W in Primitive]: number } = Object.fromEntries(
  primitives.map((primitive) => [primitive, numbers[primitive].length]),
) as {
  [W in Primitive]: number
}
const real = fc.double({ min: -30, max: 30, noNaN: true })
const three = fc.tuple(real, real, real)
const close = (x: number, y: number, tolerance: number): boolean =>
  Object.is(x, y) || Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(x), Math.abs(y))

for (const primitive of primitives) {
  test(`${primitive}: the interval reading encloses the value`, () =>
    fc.assert(
      fc.property(three, three, (centre, radius) => {
        const boxes = centre.map((x, i) => [x - Math.abs(radius[i]!) / 30, x + Math.abs(radius[i]!) / 30] as const)
        const [low, high] = applyPrimitive(intervals, primitive, boxes.slice(0, arity[primitive]))
        return [0, 0.3, 1].every((t) => {
          const y = applyPrimitive(
            numbers,
            primitive,
            boxes.slice(0, arity[primitive]).map(([a, b]) => Math.min(b, a + t * (b - a))),
          )
          return Number.isNaN(y) || (low <= y && y <= high)
        })
      }),
      { numRuns: 300 },
    ))

  if (primitive !== 'erf')
    test(`${primitive}: the printed JavaScript computes the value`, () =>
      fc.assert(
        fc.property(three, (xs) => {
          const names = ['x', 'y', 'z'].slice(0, arity[primitive])
          const printed = new Function(...names, `return ${applyPrimitive(javascript, primitive, names)}`)
          return close(printed(...xs), applyPrimitive(numbers, primitive, xs.slice(0, arity[primitive])), 1e-12)
        }),
      ))
}

for (const [primitive, body] of Object.entries(definitions))
  test(`${primitive}: its definition in elementary words computes it`, () =>
    fc.assert(
      fc.property(fc.oneof(real, fc.double({ min: -1e-3, max: 1e-3, noNaN: true }), fc.constantFrom(0, -1000, 1000)), (x) => {
        fc.pre(primitive !== 'log1p' || x > -0.999)
        const [defined, meant] = [body(numbers)(x), numbers[primitive as keyof typeof definitions](x)]
        const error = Object.is(defined, meant) ? 0 : Math.abs(defined - meant)
        return primitive === 'erf' ? error < 2e-7 : error <= 1e-12 * Math.abs(meant)
      }),
      { numRuns: 500 },
    ))

const unary = primitives.filter(
  (primitive): primitive is Exclude<Primitive, 'where' | 'add' | 'sub' | 'mul' | 'div' | 'max' | 'less' | 'equal'> =>
    arity[primitive] === 1,
)
for (const primitive of unary)
  test(`${primitive}: the derivative is the limit of the difference quotient`, () =>
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 4, noNaN: true }), (x) => {
        const body: Unary = (S) => S[primitive]
        const h = 1e-5
        const quotient = (numbers[primitive](x + h) - numbers[primitive](x - h)) / (2 * h)
        return close(derivative(body)(numbers)(x), quotient, 1e-6)
      }),
    ))

test('erf against tabulated values (Abramowitz & Stegun, table 7.1), to 1e−15', () => {
  const table: readonly (readonly [number, number])[] = [
    [0.1, 0.1124629160182849],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [2, 0.9953222650189527],
    [3, 0.9999779095030014],
    [-1, -0.8427007929497149],
  ]
  for (const [x, y] of table) assert.ok(Math.abs(numbers.erf(x) - y) < 1e-15, `erf(${x}) = ${numbers.erf(x)}, not ${y}`)
  assert.equal(numbers.erf(Infinity), 1)
  assert.ok(Number.isNaN(numbers.erf(Number.NaN)))
})
