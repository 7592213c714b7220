/** The readings of the scalar language agree: one text, many meanings, one function. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { definitions, derivative, intervals, javascript, numbers, say, type Unary, type Word, words } from '../../core/index.ts'

const arity: { readonly [W in Word]: number } = Object.fromEntries(words.map((word) => [word, numbers[word].length])) as {
  [W in Word]: number
}
const real = fc.double({ min: -30, max: 30, noNaN: true })
const three = fc.tuple(real, real, real)
const close = (x: number, y: number, tolerance: number): boolean =>
  Object.is(x, y) || Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(x), Math.abs(y))

for (const word of words) {
  test(`${word}: the interval reading encloses the value`, () =>
    fc.assert(
      fc.property(three, three, (centre, radius) => {
        const boxes = centre.map((x, i) => [x - Math.abs(radius[i]!) / 30, x + Math.abs(radius[i]!) / 30] as const)
        const [low, high] = say(intervals, word, boxes.slice(0, arity[word]))
        return [0, 0.3, 1].every((t) => {
          const y = say(
            numbers,
            word,
            boxes.slice(0, arity[word]).map(([a, b]) => Math.min(b, a + t * (b - a))),
          )
          return Number.isNaN(y) || (low <= y && y <= high)
        })
      }),
      { numRuns: 300 },
    ))

  if (word !== 'erf')
    test(`${word}: the printed JavaScript computes the value`, () =>
      fc.assert(
        fc.property(three, (xs) => {
          const names = ['x', 'y', 'z'].slice(0, arity[word])
          const printed = new Function(...names, `return ${say(javascript, word, names)}`)
          return close(printed(...xs), say(numbers, word, xs.slice(0, arity[word])), 1e-12)
        }),
      ))
}

for (const [word, body] of Object.entries(definitions))
  test(`${word}: its definition in elementary words computes it`, () =>
    fc.assert(
      fc.property(fc.oneof(real, fc.double({ min: -1e-3, max: 1e-3, noNaN: true }), fc.constantFrom(0, -1000, 1000)), (x) => {
        fc.pre(word !== 'log1p' || x > -0.999)
        const [defined, meant] = [body(numbers)(x), numbers[word as keyof typeof definitions](x)]
        const error = Object.is(defined, meant) ? 0 : Math.abs(defined - meant)
        return word === 'erf' ? error < 2e-7 : error <= 1e-12 * Math.abs(meant)
      }),
      { numRuns: 500 },
    ))

const unary = words.filter(
  (word): word is Exclude<Word, 'where' | 'add' | 'sub' | 'mul' | 'div' | 'max' | 'less' | 'equal'> => arity[word] === 1,
)
for (const word of unary)
  test(`${word}: the derivative is the limit of the difference quotient`, () =>
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 4, noNaN: true }), (x) => {
        const body: Unary = (S) => S[word]
        const h = 1e-5
        const quotient = (numbers[word](x + h) - numbers[word](x - h)) / (2 * h)
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
