/** Movements and reductions against loops over arrays; shapes that do not fit are refused by name. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { reference } from '../../backends/index.ts'
import {
  add,
  at,
  broadcastTo,
  concatenate,
  dot,
  fill,
  flatten,
  iota,
  logSumExp,
  max,
  mean,
  minimum,
  pad,
  read,
  rename,
  reverse,
  ShapeError,
  scatterAdd,
  slice,
  softmax,
  sub,
  sum,
  type Tensor,
  tensor,
  unflatten,
  where,
} from '../../core/index.ts'

const backend = reference()
const numbers = async <A extends string>(x: Tensor<A>): Promise<readonly number[]> => [...(await read(backend, x))]
const row = (values: readonly number[]): Tensor<'i'> => tensor({ i: values.length }, values)
const close = (xs: readonly number[], ys: readonly number[]) => {
  assert.equal(xs.length, ys.length)
  xs.forEach((x, i) => {
    assert.ok(Math.abs(x - ys[i]!) <= 1e-12 * Math.max(1, Math.abs(x)), `${xs} is not ${ys}`)
  })
}
const some = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 2, maxLength: 6 })

test('along one axis: what arrays do', () =>
  fc.assert(
    fc.asyncProperty(some, some, async (xs, ys) => {
      const [x, n] = [row(xs), xs.length]
      close(await numbers(reverse(x, 'i')), [...xs].reverse())
      close(await numbers(slice(x, 'i', 1, n - 1)), xs.slice(1))
      close(await numbers(pad(x, 'i', 1, 2)), [0, ...xs, 0, 0])
      close(await numbers(concatenate([x, row(ys), x], 'i')), [...xs, ...ys, ...xs])
      for (const position of [0, n - 1]) close(await numbers(at(x, 'i', position)), [xs[position]!])
      close(await numbers(sum(x, 'i')), [xs.reduce((a, b) => a + b)])
      close(await numbers(max(x, 'i')), [Math.max(...xs)])
      close(await numbers(mean(x, 'i')), [xs.reduce((a, b) => a + b) / n])
      close(await numbers(logSumExp(x, 'i')), [Math.log(xs.reduce((s, v) => s + Math.exp(v), 0))])
      const whole = xs.reduce((s, v) => s + Math.exp(v), 0)
      close(
        await numbers(softmax(x, 'i')),
        xs.map((v) => Math.exp(v) / whole),
      )
      close(
        await numbers(sub(x, iota('i', n))),
        xs.map((v, i) => v - i),
      )
      close(
        await numbers(minimum(x, 1)),
        xs.map((v) => Math.min(v, 1)),
      )
      close(
        await numbers(where(x, x, 7)),
        xs.map((v) => (v === 0 ? 7 : v)),
      )
    }),
    { numRuns: 30 },
  ))

test('two axes: joined and split with the first the slowest, contracted, scattered', async () => {
  const x = tensor({ i: 2, j: 3 }, [1, 2, 3, 4, 5, 6])
  close(await numbers(flatten(x, ['i', 'j'], 'k')), [1, 2, 3, 4, 5, 6])
  close(await numbers(flatten(x, ['j', 'i'], 'k')), [1, 4, 2, 5, 3, 6])
  const back = unflatten(flatten(x, ['i', 'j'], 'k'), 'k', { i: 2, j: 3 })
  close(await numbers(sum(back, 'i')), [5, 7, 9])
  close(await numbers(dot(x, tensor({ j: 3 }, [1, 0, -1]), 'j')), [-2, -2])
  close(await numbers(sum(x, 'i', 'j')), [21])
  close(await numbers(mean(x, 'i', 'j')), [3.5])
  close(await numbers(rename(x, 'i', 'k')), [1, 2, 3, 4, 5, 6])
  close(await numbers(broadcastTo(tensor({ j: 3 }, [1, 2, 3]), { i: 2, j: 3 })), [1, 2, 3, 1, 2, 3])
  close(await numbers(fill({ i: 2 }, 3)), [3, 3])
  close(await numbers(scatterAdd(row([1, 2, 4]), row([2, 0, 2]), 'v', 3) as Tensor<'v'>), [2, 0, 5])
  close(await numbers(add(x, tensor({ i: 2 }, [10, 20]))), [11, 12, 13, 24, 25, 26])
})

test('what does not fit is refused, by name', () => {
  const x = tensor({ i: 2, j: 3 }, [1, 2, 3, 4, 5, 6])
  const refused: readonly (readonly [() => unknown, RegExp])[] = [
    [() => at(x, 'i', 2), /at: position 2 of axis 'i'/],
    [() => at(x, 'i', -1), /at: position -1 of axis 'i'/],
    [() => slice(x, 'j', 1, 3), /slice: 1 … 4 of axis 'j'/],
    [() => slice(x, 'j', -1, 2), /slice: -1 … 1/],
    [() => slice(x, 'j', 1, 0), /slice: 1 … 1/],
    [() => rename(x, 'i', 'j'), /'i' cannot be called 'j'/],
    [() => unflatten(x, 'j', { a: 2, b: 2 }), /does not factor/],
    [() => flatten(x, ['i'], 'j'), /'j' is already an axis/],
    [() => broadcastTo(x, { i: 2, j: 4 }), /does not fit into/],
    [() => add(x, tensor({ j: 2 }, [1, 2])), /axis 'j' has size 3 on one side and 2/],
    [() => tensor({ i: 2 }, [1, 2, 3]), /holds 2 numbers, but 3/],
    [() => sum(x, 'k' as 'i'), /no axis 'k'/],
  ]
  for (const [make, message] of refused) assert.throws(make, (error) => error instanceof ShapeError && message.test(error.message))
})
