/** Label smoothing: (1 − ε)(−log σ(z)) + ε(−log σ(−z)) of z = r_w − r_l − γ; its formula, and the HALO that it is at ε = 0. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { numbers } from '../../core/index.ts'
import { getOrThrow, isHalo, isStated, logRatio, unpublished } from '../../halos/index.ts'
import { smoothed } from '../../halos/smoothed.ts'
import { column, completion, numbers as read } from './numbers.ts'

const make = (epsilon: number, gamma: number) =>
  getOrThrow(smoothed({ name: 'S', source: unpublished('S'), reward: logRatio(0.5), epsilon, gamma }))
const logSigmoid = (z: number): number => -Math.log1p(Math.exp(-z))
const number = (min: number, max: number) => fc.double({ min, max, noNaN: true })

test('the loss is its formula', () =>
  fc.assert(
    fc.asyncProperty(fc.constantFrom(0, 0.1, 0.4), fc.constantFrom(0, 0.7), number(-5, 5), number(-5, 5), async (epsilon, gamma, w, l) => {
      const loss = make(epsilon, gamma)
      const z = 0.5 * (w - l) - gamma
      const expected = -(1 - epsilon) * logSigmoid(z) - epsilon * logSigmoid(-z)
      const [found] = await read(loss.evaluate({ chosen: completion(column(w), [0]), rejected: completion(column(l), [0]) }).losses)
      assert.ok(Math.abs(found! - expected) < 1e-12, `${found} is not ${expected}`)
      if (isStated(loss)) assert.ok(Math.abs(loss.formula!.body(numbers)(0.5 * w, 0.5 * l) - expected) < 1e-12)
    }),
    { numRuns: 40 },
  ))
test('at ε = 0 it is a HALO by its own name; else it is stated, with the place from which it rises', () => {
  const [plain, believed] = [make(0, 0.7), make(0.2, 0.7)]
  assert.ok(isHalo(plain) && plain.name === 'S')
  assert.ok(!isHalo(believed) && isStated(believed))
  const { ε } = believed.formula!.settings!
  assert.ok(ε!.says === '0 < ε < ½' && ε!.range[0] > 0 && ε!.range[1] < 0.5)
  assert.equal(believed.because, `not monotone in log π: it rises beyond z = ${Math.log(4).toPrecision(3)}`)
})
