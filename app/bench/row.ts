/** The lines that `halograd bench` prints: one JSON object each. Times are milliseconds, memory is bytes, rates are 10⁹ a second. */
import type { AdapterFacts, AdapterPeaks } from '../../backends/webgpu/index.ts'

/** One thing, timed. */
export interface Measurement {
  readonly what: string
  /** Who did it: one of our backends, or a peer with its version. */
  readonly backend: string
  /** How it really ran: '2 threads', 'OpenBLAS', … */
  readonly mode?: string
  readonly threads: number
  /** Milliseconds each, the middle one. */
  readonly median: number
  /** The fastest: what the machine can do when nobody else is using it. */
  readonly best: number
  /** Third quartile − first quartile, as a fraction of the median. */
  readonly spread: number
  readonly repeats: number
  readonly 'GF/s'?: number
  readonly 'GB/s'?: number
  /** Of the measured peak of so many cores: multiply-adds of 128-bit SIMD for GF/s, copying for GB/s. A native BLAS with wider vectors exceeds 1. */
  readonly fraction?: number
  /** Largest resident size of the process that trained; of a small program, what the program needs. */
  readonly peakMemory: number
  readonly machine: string
  /** Mean number of cores that other processes used meanwhile: above 0.1, trust `best` rather than `median`. */
  readonly others?: number
  /** Of small programs that move more than they compute. */
  readonly 'ns/element'?: number
  /** Of training and generation. */
  readonly 'tokens/s'?: number
  readonly 'best tokens/s'?: number
  /** Of training: the loss of the first step, and of one that every contestant reaches. */
  readonly 'first loss'?: number
  readonly 'loss 8'?: number
  /** What compiling the step took, and what came of it. */
  readonly 'trace ms'?: number
  readonly 'compile ms'?: number
  readonly kernels?: number
  readonly flops?: number
  readonly 'planned memory'?: number
}

/** Two contestants on the same work, in turns. */
export interface Ratio {
  readonly what: string
  /** How many times faster than `against`: the median over pairs of neighbouring rounds. */
  readonly ratio: number
  readonly pairs: readonly number[]
  readonly backend: string
  /** How ours ran. */
  readonly mode?: string
  readonly against: string
  readonly threads: number
  /** Our peak resident size, divided by theirs. */
  readonly memory?: number
}

/** A comparison that would not be honest, or a contestant that is not here; and why. */
export interface BenchRefusal {
  readonly what: string
  readonly refused: string
  readonly backend: string
  readonly against: string
  readonly threads: number
}

/** Memory against what it should be. */
export interface Growth {
  readonly what: string
  readonly backend: string
  readonly threads: number
  readonly memory: number
  readonly expected: number
  readonly ratio: number
  /** Largest resident size of the process. */
  readonly resident: number
  /** Arrays on the device that were not there before. */
  readonly 'arrays more'?: number
  readonly machine: string
}

/** All kernels of one name in a step. */
export interface KernelRow {
  readonly what: string
  readonly backend: string
  readonly kernel: string
  readonly calls: number
  /** Milliseconds of all calls together, each at its fastest: alone, in one thread, with warm caches. */
  readonly time: number
  /** …as a fraction of all kernels. */
  readonly share: number
}

export interface MachineRow {
  readonly what: 'machine'
  /** When it was measured: year-month-day. */
  readonly date: string
  readonly machine: string
  readonly cores: number
  readonly memory: number
  /** Measured: multiply-adds of one core in 128-bit SIMD, and bytes read plus bytes written when copying large arrays. */
  readonly 'peak GF/s': number
  readonly 'peak GB/s': number
  /** Processes waiting for a core, over the last minute. */
  readonly load: number
  readonly warning?: string
  /** Of `all`: for how many minutes it waited for quiet cores. */
  readonly patience?: number
}

/** A GPU, as `bench gpu` finds it: what it grants, and its measured peaks (multiply-adds in registers; bytes read plus bytes written). */
export interface AdapterRow extends AdapterFacts, AdapterPeaks {
  readonly what: 'adapter'
  readonly backend: string
  readonly machine: string
}

/** What JavaScript does for a step on a GPU, and what the cost model counts for it. */
export interface EncodingRow {
  readonly what: string
  readonly backend: string
  readonly dispatches: number
  readonly 'µs/dispatch': number
  readonly flops: number
  readonly 'counted bytes': number
  readonly machine: string
}

/** Where a row comes from. */
interface Origin {
  /** What a look at as many cores took, around it and in between: see quiet.ts. */
  readonly look?: number
  /** Of `all`: its command, and what else is judged with it. A later attempt at that, if there is one, replaces an earlier one. */
  readonly part?: string
  readonly attempt?: number
}
export type BenchRow = (Measurement | Ratio | BenchRefusal | Growth | KernelRow | MachineRow | AdapterRow | EncodingRow) & Origin

export const isMachine = (row: BenchRow): row is MachineRow => row.what === 'machine'

/** One row more: those of an earlier attempt at the same part go. */
export const replacing = (rows: readonly BenchRow[], row: BenchRow): readonly BenchRow[] => [
  ...rows.filter(({ part, attempt }) => part === undefined || part !== row.part || attempt === row.attempt),
  row,
]
