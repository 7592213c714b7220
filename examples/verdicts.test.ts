/** HALO verdicts in a test suite: a loss of one's own is proved once, and its gradient is checked against finite differences. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { reference } from 'halograd/backends/reference'
import { grad, read, type Tensor, tensor } from 'halograd/core'
import { always, getOrThrow, halo, logLogistic, logRatio, negation, rejected, verify } from 'halograd/halos'

const mine = getOrThrow(halo({ name: 'mine', reward: logRatio(0.2), reference: rejected, value: logLogistic, t: always(negation) }))
const backend = reference()
const column = (x: number) => tensor({ example: 1 }, [x])
const loss = (policy: Tensor<'example'>) =>
  mine.evaluate({ chosen: { policy, reference: column(-5) }, rejected: { policy: column(-6), reference: column(-5) } }).loss

test('the loss is a human-aware loss', () => assert.equal(verify(mine).verdict, 'HALO'))

test('its gradient is its slope', () =>
  fc.assert(
    fc.asyncProperty(fc.double({ min: -30, max: -1, noNaN: true }), async (x) => {
      const at = async (y: number) => (await read(backend, loss(column(y))))[0] ?? Number.NaN
      const slope = ((await at(x + 1e-5)) - (await at(x - 1e-5))) / 2e-5
      const [found = Number.NaN] = await read(backend, grad((p: Tensor<'example'>) => loss(p))(column(x)))
      assert.ok(Math.abs(found - slope) < 1e-7, `${found}, not ${slope}`)
    }),
    { numRuns: 25 },
  ))
