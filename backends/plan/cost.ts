/** The cost model: arithmetic and traffic of every kernel, and what a program needs in all. */

import type { Cost, DotGeneral, FusedKernel, Program } from './program.ts'
import { fullness } from './schedule.ts'

const bytesPerElement = 4

/**
 * The cost of a matrix product: 2 · m · n · k flops for every part, and every operand read or written once.
 * @example
 * ```ts
 * import { costOfDotGeneral } from 'halograd/backends/plan'
 * const matrix = (buffer: number) => ({ buffer, offset: 0, row: 8, column: 1 })
 * const part = { m0: 0, n0: 0, k0: 0, m: 8, n: 8, k: 8 }
 * const product = { kind: 'dotGeneral', name: 'a b', m: 8, n: 8, k: 8, loops: [], parts: [part], accumulate: false } as const
 * console.log(costOfDotGeneral({ ...product, a: matrix(0), b: matrix(1), c: matrix(2) })) // { flops: 1024, bytes: 768 }
 * ```
 */
export const costOfDotGeneral = (k: Omit<DotGeneral, 'cost'>): Cost => {
  const calls = k.loops.reduce((n, { size }) => n * size, 1)
  const flops = 2 * calls * k.parts.reduce((n, p) => n + p.m * p.n * p.k, 0)
  const sums = k.loops.reduce((n, { size, sum }) => (sum ? n * size : n), 1)
  const share = flops / (2 * calls * k.m * k.n * k.k)
  const elements = calls * (k.m * k.k + k.k * k.n) + (calls / sums) * k.m * k.n * (k.accumulate ? 2 : 1)
  return { flops, bytes: bytesPerElement * elements * share }
}

/**
 * The cost of a fused kernel: one flop for every primitive (at every inner index, where its value varies along the inner axis), and every
 * element that a stream walks over read or written once.
 * @example
 * ```ts
 * import { costOfFused, plan } from 'halograd/backends/plan'
 * import type { Graph } from 'halograd/core'
 * export const flopsOfFused = (graph: Graph) => plan(graph).kernels.reduce((n, k) => (k.kind === 'fused' ? n + costOfFused(k).flops : n), 0)
 * ```
 */
export const costOfFused = (k: Omit<FusedKernel, 'cost'>): Cost => {
  const rows = k.loops.reduce((n, { size }) => n * size, 1)
  const full = fullness(k)
  const share = k.triangle === undefined ? 1 : 0.5 + k.triangle.block / (2 * k.inner.size)
  const length = k.inner.size * share
  const flops = k.body.reduce(
    (n, i, register) =>
      n + (i.op === 'primitive' || i.op === 'random' ? rows * (full[register] ? length : 1) : i.op === 'reduce' ? rows * length : 0),
    0,
  )
  const elements = k.streams.reduce(
    (n, s) => n + s.outer.reduce((product, stride, l) => (stride === 0 ? product : product * k.loops[l]!.size), s.inner === 0 ? 1 : length),
    0,
  )
  return { flops, bytes: bytesPerElement * elements }
}

/** Totals of a program by the cost model. Flops count multiplications and additions; `traffic` and `peakMemory` are bytes. */
export interface CostSummary {
  readonly kernels: number
  readonly contractions: number
  readonly flops: number
  /** Bytes moved to and from memory. */
  readonly traffic: number
  /** Bytes of inputs, outputs (donated ones once) and scratch. */
  readonly peakMemory: number
}
/**
 * What a program costs in all, by the cost model.
 * @example
 * ```ts
 * import { plan, summarize } from 'halograd/backends/plan'
 * import type { Graph } from 'halograd/core'
 * export const megabytes = (graph: Graph) => summarize(plan(graph)).peakMemory / 1e6
 * ```
 */
export const summarize = ({ kernels, inputs, outputs, scratch }: Program): CostSummary => {
  const sum = (of: (cost: Cost) => number): number => kernels.reduce((n, { cost }) => n + of(cost), 0)
  const fresh = outputs.reduce((n, { size, donated }) => (donated === undefined ? n + size : n), 0)
  return {
    kernels: kernels.length,
    contractions: kernels.filter(({ kind }) => kind === 'dotGeneral').length,
    flops: sum(({ flops }) => flops),
    traffic: sum(({ bytes }) => bytes),
    peakMemory: bytesPerElement * (inputs.reduce((a, b) => a + b, 0) + fresh + scratch),
  }
}
