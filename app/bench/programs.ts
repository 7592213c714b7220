/**
 * Small programs to be timed: one operation each, compiled, on arrays that stay on the device. What each has to do at least is known beforehand:
 * the operations of a matrix product, or the bytes that are read and written once.
 */
import * as core from '../../core/index.ts'
import { type AnyTensor, type Backend, compile, compileStep, dispose, evaluate, type Tensor, tensor } from '../../core/index.ts'
import { normals } from '../../core/internal.ts'
import { constantRate, plainAdamW } from '../../models/index.ts'

export interface BenchJob {
  readonly what: string
  /** In one run: results, for the time an element; and either operations or bytes. */
  readonly elements: number
  readonly operations?: number
  readonly bytes?: number
  /** Compiles it. Every call of the result is one run, which leaves nothing behind. */
  readonly prepare: (backend: Backend) => Promise<() => Promise<void>>
}

/** Normal numbers of any shape; the same every time. */
const sample = <A extends string>(shape: core.Shape<A>, salt: number, scale = 1): Tensor<A> =>
  tensor(
    shape,
    Float32Array.from(normals(1, salt, core.volume(shape)), (x) => x * scale),
  )

const job = <const A extends readonly AnyTensor[]>(
  what: string,
  work: { readonly elements: number; readonly operations?: number; readonly bytes?: number },
  inputs: () => A,
  f: (...inputs: A) => unknown,
): BenchJob => ({
  what,
  ...work,
  prepare: async (backend) => {
    const run = compile(backend, f)
    const resident = await evaluate(backend, inputs())
    return async () => dispose(backend, await run(...resident))
  },
})

// ------------------------------------------------------------------ matrix products

/** C = A · B with A (m × k) and B (k × n), each stored as it is or transposed. Small ones are chained, so that the call is not what is timed. */
const product = (m: number, n: number, k: number, order: 'NN' | 'NT' | 'TN' = 'NN'): BenchJob => {
  const times = n === k && order === 'NN' ? Math.min(64, Math.max(1, Math.ceil(1.6e7 / (m * n * k)))) : 1
  const [a, b] = [order === 'TN' ? { k, m } : { m, k }, order === 'NT' ? { n, k } : { k, n }]
  const inputs = () => [sample(a, 1), sample(b, 2, k ** -0.5)] as [Tensor<'m' | 'k'>, Tensor<'k' | 'n'>]
  return job(`gemm ${m}×${n}×${k} ${order}`, { elements: m * n, operations: 2 * m * n * k * times }, inputs, (x, y) => {
    let result = core.dot(x, y, 'k')
    for (let i = 1; i < times; i++) result = core.dot(core.rename(result, 'n', 'k'), y, 'k')
    return result
  })
}
/** As attention has them: a small product for every head of every text. */
const batched = (batch: number, size: number, key: number): BenchJob =>
  job(
    `gemm ${batch} × ${size}×${size}×${key} NT`,
    { elements: batch * size * size, operations: 2 * batch * size * size * key },
    () => [sample({ batch, seq: size, key }, 1), sample({ batch, past: size, key }, 2)] as const,
    (q, k) => core.dot(q, k, 'key'),
  )

/** An n × n matrix times another. */
export const square = (n: number): BenchJob => product(n, n, n)
export const products = (small: boolean): readonly BenchJob[] =>
  small
    ? [square(16), product(8, 24, 12, 'NT'), batched(2, 16, 8)]
    : [
        ...[64, 128, 256, 512, 1024].map(square),
        product(1024, 512, 128),
        product(1024, 128, 512, 'NT'),
        product(128, 512, 1024, 'TN'),
        product(255, 257, 129, 'NT'),
        product(1, 768, 768),
        product(1, 768, 768, 'NT'),
        batched(32, 128, 32),
      ]

// ------------------------------------------------------------------ everything else

type KernelRows = Tensor<'row' | 'column'>

/** (x − mean) / √(variance + ε) · gain + bias. */
const layerNorm = (x: KernelRows, gain: Tensor<'column'>, bias: Tensor<'column'>): KernelRows => {
  const centred = core.sub(x, core.mean(x, 'column'))
  const variance = core.mean(core.square(centred), 'column')
  return core.add(core.mul(core.div(centred, core.sqrt(core.add(variance, 1e-5))), gain), bias)
}
const crossEntropy = (logits: KernelRows, label: Tensor<'row'>): Tensor =>
  core.mean(core.sub(core.logSumExp(logits, 'column'), core.take(logits, 'column', label)), 'row')

/** The last job is the smallest of programs: what a run costs whatever it does. */
export const kernels = (row: number, column: number): readonly BenchJob[] => {
  const elements = row * column
  const rows = (salt: number) => sample({ row, column }, salt)
  const columns = (salt: number) => sample({ column }, salt)
  const each = (what: string, arrays: number, inputs: number, f: (...inputs: readonly KernelRows[]) => unknown): BenchJob =>
    job(what, { elements, bytes: 4 * arrays * elements }, () => Array.from({ length: inputs }, (_, i) => rows(i + 1)), f)
  const one = (what: string, f: (x: KernelRows) => unknown): BenchJob => each(what, 2, 1, (x) => f(x!))
  return [
    one('softmax', (x) => core.softmax(x, 'column')),
    job(
      'cross-entropy and its gradient',
      { elements, bytes: 8 * elements },
      () =>
        [
          rows(1),
          tensor(
            { row },
            Float32Array.from({ length: row }, (_, i) => (i * 7) % column),
          ),
        ] as const,
      (logits, label) => core.valueAndGrad((x: KernelRows) => crossEntropy(x, label))(logits),
    ),
    job('layer norm', { elements, bytes: 8 * elements }, () => [rows(1), columns(2), columns(3)] as const, layerNorm),
    job(
      'layer norm, backward',
      { elements, bytes: 12 * elements },
      () => [rows(1), columns(2), columns(3), rows(4)] as const,
      (x, gain, bias, cotangent) =>
        core.vjp(([y, g, b]: readonly [KernelRows, typeof gain, typeof bias]) => layerNorm(y, g, b))([x, gain, bias])[1](cotangent),
    ),
    one('exp', core.exp),
    one('tanh', core.tanh),
    one('GELU', core.gelu),
    each('add', 3, 2, (x, y) => core.add(x!, y!)),
    update(row, column),
    job(
      'smallest program',
      { elements: 1 },
      () => [tensor({}, [1])] as const,
      (x) => core.add(x, 1),
    ),
  ]
}

/** One update of one matrix by AdamW, in place: reads θ, g, m and v, writes θ, m and v. */
const update = (row: number, column: number): BenchJob => ({
  what: 'AdamW',
  elements: row * column,
  bytes: 28 * row * column,
  prepare: async (backend) => {
    const optimizer = plainAdamW({ rate: constantRate(1e-3), weightDecay: 0.1 })
    const gradient = await evaluate(backend, { weight: sample({ row, column }, 2) })
    let state = await evaluate(backend, optimizer.begin({ weight: sample({ row, column }, 1) }))
    const step = compileStep(backend, (before: typeof state, g: typeof gradient) => [optimizer.update(before, g)[0], []] as const)
    return async () => {
      ;[state] = await step(state, gradient)
    }
  },
})
