/**
 * The types of the language: tensors, which are nodes of an expression graph, and backends, which compile graphs and own arrays.
 * A backend may plan, print and optimize as it likes; the meaning of a graph is what `backends/reference` computes.
 *
 * Axes have names, and the type of a tensor is the *set* of its names (after GTensor, Haliax, Penzai and Dex).
 */
import type { Half, Narrow, Numbers, Source, Storage } from './numbers.ts'
import type { Primitive } from './scalar.ts'

// ------------------------------------------------------------------ tensors

/** Sizes by axis name, e.g. `{ batch: 8, seq: 64 }`. Key order is the order in which data enters and leaves. */
export type Shape<Axes extends string = string> = { readonly [A in Axes]: number }

/** A tensor whose axes are not known to the type checker: a node of an expression graph. Immutable. */
export interface AnyTensor {
  /** Later nodes have larger numbers: sorting by id is a topological order. */
  readonly id: number
  /** What the node does, */
  readonly op: Op
  /** …with these arguments. */
  readonly from: readonly AnyTensor[]
  readonly shape: Shape
}

/**
 * An array whose axes have names. `Tensor<'batch' | 'seq'>` and `Tensor<'seq' | 'batch'>` are one type; `Tensor<never>`
 * (or plain `Tensor`) is a scalar. Invariant (`in out`): a tensor with more axes is never a tensor with fewer.
 */
export interface Tensor<in out Axes extends string = never> extends AnyTensor {
  readonly shape: Shape<Axes>
}

/** The axes of a tensor type, as a union of names: `AxesOf<Tensor<'batch' | 'seq'>>` is `'batch' | 'seq'`. A bare number has none (`never`). */
export type AxesOf<T> = T extends Tensor<infer A> ? A : never

/** How sibling numbers meet in a reduction: a commutative monoid. */
export type Merge = 'sum' | 'max' | 'logSumExp'

/** What a node of an expression graph does with the nodes that it is computed `from`. */
export type Op =
  // leaves
  | { readonly tag: 'input'; readonly name: string; readonly storage?: Storage }
  | { readonly tag: 'data'; readonly values: Numbers | Source }
  | DeviceBuffer
  /** `single` is what it is in float32, where that is another number: a limit that follows the number type. */
  | { readonly tag: 'constant'; readonly value: number; readonly single?: number }
  | { readonly tag: 'iota'; readonly axis: string }
  /** uniform(key, salt, linear index in the order of the shape): see random.ts. From: key. */
  | { readonly tag: 'random'; readonly salt: number }
  // arithmetic
  | { readonly tag: 'primitive'; readonly primitive: Primitive }
  | { readonly tag: 'reduce'; readonly merge: Merge; readonly over: readonly string[] }
  // movement
  | { readonly tag: 'rename'; readonly from: string; readonly to: string }
  /** out[axis = i] = x[axis = offset + step·i], and 0 outside x: slices, padding, reversal; its own adjoint. */
  | { readonly tag: 'stridedSlice'; readonly axis: string; readonly offset: number; readonly step: 1 | -1 }
  /** One axis as several, the first the slowest; `flatten` is its inverse. */
  | { readonly tag: 'unflatten'; readonly axis: string; readonly into: readonly string[] }
  | { readonly tag: 'flatten'; readonly axes: readonly string[]; readonly into: string }
  /** out = table[axis = index]. From: table, index. */
  | { readonly tag: 'take'; readonly axis: string }
  /** out[axis = index] += x, from 0: the adjoint of take. From: x, index. */
  | { readonly tag: 'scatter'; readonly axis: string }
  /** The same values with exactly these axes in exactly this order (constant along new ones). */
  | { readonly tag: 'broadcastTo' }
  // differentiation
  /** The identity, but a new node each time: what `grad` differentiates with respect to. */
  | { readonly tag: 'variable'; readonly unique: number }
  | { readonly tag: 'stop' }
  /** The identity: see `checkpoint`. From: x; where it is what others are computed anew from, also what must be known before. */
  | { readonly tag: 'checkpoint' }

/** An array on a device, freed with the last tensor that holds its `owner`. A donated array has handed its owner on. */
export interface DeviceBuffer {
  readonly tag: 'device'
  readonly backend: Backend
  /** Where it is narrower than what the backend computes in: to be read only. */
  readonly storage?: Storage
  owner: BufferOwner | undefined
}
/** What the finalizer knows is kept apart from the owner: it must not keep the owner alive. */
export interface BufferOwner {
  readonly buffer: { readonly backend: Backend; handle: Handle | undefined }
}

// ------------------------------------------------------------------ backends

/** An array that a backend owns. Opaque: only its backend can look inside. */
export interface Handle {
  /** Entries. */
  readonly size: number
}

/** A closed program: expressions over `input` leaves. Arrays enter and leave in the order of each tensor's shape keys. */
export interface Graph {
  readonly inputs: readonly AnyTensor[]
  readonly outputs: readonly AnyTensor[]
  /** donated[o] = i: output o takes over the memory of input i, which is dead after the run (state updated in place). */
  readonly donated: ReadonlyMap<number, number>
}

/** A compiled program, which runs on arrays of its backend. Backends make them; `compile` and `compileStep` wrap them in functions of tensors. */
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
  /** Multiplications and additions a run. */
  readonly flops: number
  /** Bytes read and written a run. */
  readonly traffic: number
  /** Bytes of inputs, outputs and what is between them, at most. */
  readonly peakMemory: number
}

/**
 * What computes: it compiles graphs and owns arrays. `reference`, `wasm` and `gpujs` are backends; docs/write-a-backend.md shows how to
 * write another.
 */
export interface Backend {
  readonly name: string
  /** @throws TypeError where the graph has a leaf that is not among its inputs */
  readonly compile: (graph: Graph) => Promise<Executable>
  /** Copy numbers into an array of the backend, rounded to the numbers that it computes in. */
  readonly upload: (data: ArrayLike<number>) => Handle
  /** Upload sixteen-bit numbers, widened on the way to what the backend computes in. Without it they are widened on the host. */
  readonly uploadHalf?: (data: Half) => Handle
  /** Keep numbers as narrow as they are; programs that read them know (`storageOf` an input). Without it they are kept as any others. */
  readonly uploadNarrow?: (data: Narrow) => Handle
  /** A copy of the numbers of an array. */
  readonly download: (handle: Handle) => Promise<Float32Array | Float64Array>
  /** Give an array back. Its handle must not be used again. */
  readonly free: (handle: Handle) => void
  /** How many arrays are alive: a test counts them. */
  readonly live: () => number
  /** What whoever waits should know of how programs run lately, in a sentence: that other work holds the cores, for example. */
  readonly notice?: () => string | undefined
  /** Stop threads, release devices. */
  readonly close?: () => Promise<void>
}
