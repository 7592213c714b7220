/**
 * What the planner hands to a backend: kernels over buffers, in order.
 *
 *     contract   C[m, n] (+)= Σₖ A[m, k] · B[k, n]                     with any strides, batched
 *     rows       loops over named axes around one inner axis; straight-line code with row reductions
 *
 * Everything that is not a contraction — maps, softmax, norms, cross-entropy, embedding look-ups and their
 * adjoints, bias gradients, dropout, AdamW — is a `rows` kernel. A backend prints both kinds in its own
 * language; it decides nothing. All offsets and strides count elements, never bytes.
 */
import type { Elementary, Merge, Storage } from '../../core/internal.ts'

/** An array of `size` numbers. Scratch lives at `offset` in an arena that is only valid during a run. */
export interface Buffer {
  readonly size: number
  /** An input that is kept narrower than float32: fused kernels widen what they load from it; nothing else reads it, or writes to it. */
  readonly storage?: Storage
  readonly place:
    | { readonly in: 'input'; readonly index: number }
    | { readonly in: 'output'; readonly index: number }
    | { readonly in: 'scratch'; readonly offset: number }
}

/** A planned graph: kernels in order, over buffers. Sizes are numbers of entries. */
export interface Program {
  readonly buffers: readonly Buffer[]
  readonly kernels: readonly Kernel[]
  /** Sizes of the inputs, in the order of the graph. */
  readonly inputs: readonly number[]
  /** How inputs are kept, where they are narrower than float32. */
  readonly storage?: readonly (Storage | undefined)[]
  /** For each output, its size, and the input whose memory it takes over (a donated input), if any. */
  readonly outputs: readonly { readonly size: number; readonly donated?: number }[]
  /** Length of the scratch arena, in elements: the planner reuses memory by liveness. */
  readonly scratch: number
}

/** What a program runs: a matrix product, or a fused map-reduce kernel. */
export type Kernel = DotGeneral | FusedKernel

/** What a kernel costs, by the cost model. */
export interface Cost {
  /** Multiplications, additions and other primitives. */
  readonly flops: number
  /** Bytes read and written. */
  readonly bytes: number
}

/** A matrix in a buffer: it begins at element `offset`; `row` and `column` are strides, in elements, from one row or column to the next. */
export interface Matrix {
  readonly buffer: number
  readonly offset: number
  readonly row: number
  readonly column: number
}

/**
 * C[m, n] = (accumulate ? C[m, n] : 0) + Σₖ A[m, k] · B[k, n], repeated over `loops`.
 * A: rows m, columns k. B: rows k, columns n. C: rows m, columns n (the planner makes its column stride 1 where it can).
 */
export interface DotGeneral {
  readonly kind: 'dotGeneral'
  readonly name: string
  readonly m: number
  readonly n: number
  readonly k: number
  readonly a: Matrix
  readonly b: Matrix
  readonly c: Matrix
  /** Outer loops: strides in A, B and C. A loop with `sum` is a contracted axis left over: C stays (stride 0) and accumulates. */
  readonly loops: readonly { readonly size: number; readonly a: number; readonly b: number; readonly c: number; readonly sum: boolean }[]
  /** The boxes of (m, n, k) that do not vanish (causal masks leave triangles): nothing outside may be read or written. One whole box when dense. */
  readonly parts: readonly ProgramPart[]
  readonly accumulate: boolean
  readonly cost: Cost
}
/** A block of a matrix product, by its corner and its sizes: what causal masks leave. */
export interface ProgramPart {
  readonly m0: number
  readonly n0: number
  readonly k0: number
  readonly m: number
  readonly n: number
  readonly k: number
}

/**
 * For every index of `loops` (outermost first), passes over `inner`. Instructions are in static single assignment:
 * the value of `body[i]` is register i. A value is *full* when it varies along the inner axis, else it is one number a row;
 * a `reduce` turns a full value into one a row, so everything after it belongs to a later pass (see `schedule`).
 */
export interface FusedKernel {
  readonly kind: 'fused'
  readonly name: string
  readonly loops: readonly { readonly axis: string; readonly size: number }[]
  readonly inner: { readonly axis: string; readonly size: number }
  readonly streams: readonly Stream[]
  readonly body: readonly Instruction[]
  /** Causal: in loop `loop` at index r, only inner indices below ceil((r + 1) / block) · block exist. */
  readonly triangle?: { readonly loop: number; readonly block: number }
  readonly cost: Cost
}

/** How a rows kernel walks through a buffer: element = offset + Σ index·outer + index·inner. Strides may be 0 or negative. */
export interface Stream {
  readonly buffer: number
  readonly offset: number
  /** One stride for each of the kernel's loops. */
  readonly outer: readonly number[]
  readonly inner: number
  /** Of its buffer. */
  readonly storage?: Storage
}

/** Reads as 0 unless from ≤ index < to, where the index is that of loop `loop` (−1: the inner axis). Only on loads. */
export interface Guard {
  readonly loop: number
  readonly from: number
  readonly to: number
}

/** A data-dependent index: `stride` · the (integral) value of register `index` is added to the address. */
export interface Indirect {
  readonly index: number
  readonly stride: number
}

/** One instruction of a fused kernel; its result is the register of its position. */
export type Instruction =
  | { readonly op: 'load'; readonly stream: number; readonly guards?: readonly Guard[]; readonly at?: Indirect }
  | { readonly op: 'constant'; readonly value: number }
  /** The index of loop `loop` (−1: of the inner axis), as a number. */
  | { readonly op: 'iota'; readonly loop: number }
  | { readonly op: 'primitive'; readonly primitive: Elementary; readonly args: readonly number[] }
  /** Merge a full value over the inner axis: one number a row. */
  | { readonly op: 'reduce'; readonly merge: Exclude<Merge, 'logSumExp'>; readonly arg: number }
  /** uniform(key, salt, offset + Σ index·outer + index·inner) of core/random: the same bits on every backend. `key` is a register with an integer below 2²⁴. */
  | ({ readonly op: 'random'; readonly key: number; readonly salt: number } & Omit<Stream, 'buffer'>)
  /**
   * Write register `arg`. With `merge` the value is combined with what the element holds (column reductions, scatter-add: several
   * iterations meet there); unless `keep`, the whole buffer is filled with the merge's neutral element before the kernel runs.
   * The planner stores a full value only where its elements go to different places (along the inner axis, or where a full index sends them):
   * what meets in one element a row is reduced first.
   */
  | {
      readonly op: 'store'
      readonly stream: number
      readonly arg: number
      readonly merge?: Exclude<Merge, 'logSumExp'>
      readonly keep?: boolean
      readonly at?: Indirect
    }
