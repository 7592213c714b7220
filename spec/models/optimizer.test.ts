/** AdamW and its schedules against the formulas, number by number. Loshchilov & Hutter (2019), arXiv:1711.05101; (2017), arXiv:1608.03983. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { reference } from '../../backends/index.ts'
import { fill, leaves, mapTree, read, type Tensor, tensor } from '../../core/index.ts'
import { constant } from '../../core/internal.ts'
import { adafactor, adamW, constantRate, constantWithWarmup, cosine, linear, plainAdamW, type Schedule, sgd } from '../../models/index.ts'
import { begin as begun } from '../../models/training/step.ts'

const backend = reference()
const numbers = async <A extends string>(x: Tensor<A>): Promise<readonly number[]> => [...(await read(backend, x))]
const scalar = async (x: Tensor): Promise<number> => (await numbers(x))[0]!
const close = (x: number, y: number, what = '') =>
  assert.ok(Math.abs(x - y) <= 1e-10 * Math.max(1, Math.abs(y)), `${what}: ${x} is not ${y}`)

interface Weights {
  readonly matrix: Tensor<'a' | 'b'>
  readonly bias: Tensor<'a'>
}
const start: Weights = { matrix: tensor({ a: 1, b: 2 }, [1, -2]), bias: tensor({ a: 1 }, [0.5]) }
const gradients = [
  [0.3, -0.2, 0.1],
  [-0.1, 0.4, 0.2],
  [0.25, 0.05, -0.3],
]
const given = ([x = 0, y = 0, z = 0]: readonly number[]): Weights => ({
  matrix: tensor({ a: 1, b: 2 }, [x, y]),
  bias: tensor({ a: 1 }, [z]),
})

/** By hand: decoupled decay of the matrix, none of the bias. */
const byHand = (
  scale: (g: readonly number[]) => number,
  [beta1, beta2, epsilon, decay, rate]: readonly [number, number, number, number, number],
) => {
  const [theta, m, v] = [
    [1, -2, 0.5],
    [0, 0, 0],
    [0, 0, 0],
  ]
  gradients.forEach((raw, step) => {
    raw.forEach((g0, i) => {
      const g = g0 * scale(raw)
      m[i] = beta1 * m[i]! + (1 - beta1) * g
      v[i] = beta2 * v[i]! + (1 - beta2) * g * g
      const [mean, square] = [m[i]! / (1 - beta1 ** (step + 1)), v[i]! / (1 - beta2 ** (step + 1))]
      theta[i] = theta[i]! - rate * (mean / (Math.sqrt(square) + epsilon) + (i < 2 ? decay : 0) * theta[i]!)
    })
  })
  return theta
}
const norm = (g: readonly number[]): number => Math.sqrt(g.reduce((s, x) => s + x * x, 0))

test('AdamW: three steps by hand, with its defaults and with others', async () => {
  const settings = [
    [{ rate: constantRate(0.1) }, [0.9, 0.999, 1e-8, 0, 0.1]],
    [{ rate: constantRate(0.05), beta1: 0.8, beta2: 0.95, epsilon: 0.01, weightDecay: 0.3 }, [0.8, 0.95, 0.01, 0.3, 0.05]],
  ] as const
  for (const [options, hyper] of settings) {
    const { begin, update } = plainAdamW(options)
    let state = begin(start)
    for (const gradient of gradients) [state] = update(state, given(gradient))
    const expected = byHand(() => 1, hyper)
    const found = [...(await numbers(state.parameters.matrix)), ...(await numbers(state.parameters.bias))]
    for (const [i, x] of found.entries()) close(x, expected[i]!, `θ${i}`)
    assert.equal(await scalar(state.step), 3)
  }
})
test('what decays: matrices, and neither vectors nor what is called gain or bias, wherever it stands', async () => {
  const parameters = {
    ...{ matrix: tensor({ a: 1, b: 1 }, [1]), vector: tensor({ a: 1 }, [1]), gain: tensor({ a: 1, b: 1 }, [1]) },
    layer: { bias: tensor({ a: 1, b: 1 }, [1]), against: tensor({ a: 1, b: 1 }, [1]) },
  }
  const { begin, update } = plainAdamW({ rate: constantRate(0.5), weightDecay: 0.2 })
  const [{ parameters: after }] = update(
    begin(parameters),
    mapTree(parameters, (x) => fill(x.shape, 0)),
  )
  const values = await Promise.all(leaves(after).map((x) => read(backend, x as Tensor<string>))) // in the order of the tree
  assert.deepEqual(
    values.map(([x]) => x),
    [0.9, 1, 1, 1, 0.9],
  )
})
test('a run that has not begun: zeros of the shapes of its parameters, no update, nothing pooled', async () => {
  const { first, second, step, history, parameters } = begun(adamW({ rate: constantRate(0.1) }), start)
  for (const zero of [first.matrix, second.matrix]) assert.deepEqual(await numbers(zero), [0, 0])
  assert.deepEqual([await scalar(step), await scalar(history.sum), await scalar(history.count)], [0, 0, 0])
  assert.deepEqual(await numbers(parameters.matrix), [1, -2])
})
test('clipping: to a norm of 1 unless another is given; the norm that is told is that before', async () => {
  for (const [maxNorm, limit] of [
    [undefined, 1],
    [0.2, 0.2],
  ] as const) {
    const { begin, update } = adamW({ rate: constantRate(0.1), ...(maxNorm !== undefined && { maxNorm }) })
    let state = begin(start)
    const told: number[] = []
    for (const gradient of gradients) {
      const [next, metrics] = update(state, given(gradient))
      state = next
      told.push(await scalar(metrics.grad_norm))
      close(await scalar(metrics.learning_rate), 0.1)
    }
    for (const [i, g] of gradients.entries()) close(told[i]!, norm(g))
    const expected = byHand((g) => Math.min(1, limit / (norm(g) + 1e-6)), [0.9, 0.999, 1e-8, 0, 0.1])
    for (const [i, x] of (await numbers(state.parameters.matrix)).entries()) close(x, expected[i]!)
  }
})
test('a gradient that is not finite leaves the whole state as it was', async () => {
  const { begin, update } = adamW({ rate: constantRate(0.1) })
  const [state] = update(begin(start), given(gradients[0]!))
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const [after] = update(state, given([bad, 0, 0]))
    assert.deepEqual(await numbers(after.parameters.matrix), await numbers(state.parameters.matrix))
    assert.deepEqual(await numbers(after.first.bias), await numbers(state.first.bias))
    assert.equal(await scalar(after.step), 1)
  }
})

test('schedules: the rate of every step', async () => {
  const of = async (schedule: Schedule, steps: number): Promise<readonly number[]> =>
    Promise.all(Array.from({ length: steps }, (_, step) => scalar(schedule(constant(step)))))
  const table: readonly (readonly [Schedule, readonly number[]])[] = [
    [constantRate(0.3), [0.3, 0.3, 0.3]],
    [constantWithWarmup({ rate: 2, warmup: 2, steps: 4 }), [1, 2, 2, 2]],
    [linear({ rate: 2, steps: 4 }), [2, 1.5, 1, 0.5]],
    [linear({ rate: 2, warmup: 2, steps: 6, floor: 0.5 }), [1, 2, 2, 1.75, 1.5, 1.25, 1, 1]],
    [cosine({ rate: 2, steps: 4 }), [2, 1 + Math.SQRT1_2, 1, 1 - Math.SQRT1_2, 0]],
    [cosine({ rate: 2, warmup: 1, steps: 3, floor: 0.5 }), [2, 2, 1.5, 1, 1]],
    [linear({ rate: 1, warmup: 4, steps: 4 }), [0.25, 0.5, 0.75, 1]],
  ]
  for (const [schedule, rates] of table)
    for (const [step, rate] of (await of(schedule, rates.length)).entries()) close(rate, rates[step]!, `step ${step}`)
})

test('SGD: three steps by hand; the gradient is clipped, matrices alone decay', async () => {
  const { begin, update } = sgd({ rate: constantRate(0.1), momentum: 0.8, weightDecay: 0.3, maxNorm: 0.3 })
  let state = begin(start)
  for (const gradient of gradients) [state] = update(state, given(gradient))
  const [theta, m] = [
    [1, -2, 0.5],
    [0, 0, 0],
  ]
  for (const raw of gradients) {
    const scale = Math.min(1, 0.3 / (norm(raw) + 1e-6))
    raw.forEach((g, i) => {
      m[i] = 0.8 * m[i]! + g * scale
      theta[i] = theta[i]! - 0.1 * (m[i]! + (i < 2 ? 0.3 : 0) * theta[i]!)
    })
  }
  const found = [...(await numbers(state.parameters.matrix)), ...(await numbers(state.parameters.bias))]
  for (const [i, x] of found.entries()) close(x, theta[i]!, `θ${i}`)
})

test('Adafactor: two steps of a matrix by hand, as the paper’s Algorithm 4 has it', async () => {
  const matrix = (values: readonly number[]) => ({ matrix: tensor({ a: 2, b: 2 }, values) })
  const { begin, update } = adafactor({ rate: constantRate(0.1), maxNorm: Number.MAX_VALUE })
  const steps = [
    [0.3, -0.2, 0.1, 0.4],
    [-0.1, 0.4, 0.2, 0.05],
  ]
  let state = begin(matrix([1, 2, 3, 4]))
  for (const g of steps) [state] = update(state, matrix(g))
  const theta = [1, 2, 3, 4]
  const [rows, columns] = [
    [0, 0],
    [0, 0],
  ]
  for (const [t, g] of steps.entries()) {
    const beta = 1 - (t + 1) ** -0.8
    const square = (i: number, j: number) => g[2 * i + j]! ** 2 + 1e-30
    for (const i of [0, 1]) rows[i] = beta * rows[i]! + (1 - beta) * ((square(i, 0) + square(i, 1)) / 2)
    for (const j of [0, 1]) columns[j] = beta * columns[j]! + (1 - beta) * ((square(0, j) + square(1, j)) / 2)
    const mean = (rows[0]! + rows[1]!) / 2
    const u = g.map((x, k) => x / Math.sqrt((rows[Math.floor(k / 2)]! * columns[k % 2]!) / mean))
    const rms = Math.sqrt(u.reduce((sum, x) => sum + x * x, 0) / 4)
    u.forEach((x, k) => {
      theta[k] = theta[k]! - (0.1 * x) / Math.max(1, rms)
    })
  }
  for (const [i, x] of (await numbers(state.parameters.matrix)).entries()) close(x, theta[i]!, `θ${i}`)
  assert.deepEqual([state.first.matrix.shape, state.second.matrix.shape], [{ a: 2 }, { b: 2 }], 'a mean of each row and of each column')
})
