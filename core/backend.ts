/**
 * What a backend is to the language: it compiles graphs, and keeps arrays.
 * `compile` may plan, print and optimise as it likes; the meaning of a graph is what `backends/reference` computes.
 */
import type { Half } from './numbers.ts'
import type { AnyTensor } from './tensor.ts'

/** An array that a backend owns. Opaque: only its backend can look inside. */
export interface Handle {
  readonly size: number
}

/** A closed program: expressions over `input` leaves. Arrays enter and leave in the order of each tensor's shape keys. */
export interface Graph {
  readonly inputs: readonly AnyTensor[]
  readonly outputs: readonly AnyTensor[]
  /** donated[o] = i: output o takes over the memory of input i, which is dead after the run (state updated in place). */
  readonly donated: ReadonlyMap<number, number>
}

export interface Executable {
  /** One handle an input, in order; one an output. Handles of donated inputs must not be used again. */
  readonly run: (inputs: readonly Handle[]) => Promise<readonly Handle[]>
  readonly report: Report
}

/** What was compiled, and what the cost model says of it. Bytes are bytes. */
export interface Report {
  readonly backend: string
  /** How it really executes: 'float64 interpreter', 'webgpu', '2 threads', … */
  readonly mode: string
  readonly kernels: number
  readonly flops: number
  readonly traffic: number
  readonly peakMemory: number
}

export interface Backend {
  readonly name: string
  readonly compile: (graph: Graph) => Promise<Executable>
  readonly upload: (data: ArrayLike<number>) => Handle
  /** Upload sixteen-bit numbers, widened on the way to what the backend computes in. Without it they are widened on the host. */
  readonly uploadHalf?: (data: Half) => Handle
  readonly download: (handle: Handle) => Promise<Float32Array | Float64Array>
  readonly free: (handle: Handle) => void
  /** How many arrays are alive: a test counts them. */
  readonly live: () => number
  /** Stop threads, release devices. */
  readonly close?: () => Promise<void>
}
