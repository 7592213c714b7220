/** What the two ways to run launches have in common: arrays of type `T` on a device, and programs over them. */
import type { Program } from '../plan/index.ts'
import type { Launches } from './launch.ts'

export interface GpujsDevice<T> {
  /** How many arrays a kernel may bind. */
  readonly arrays: number
  readonly upload: (data: ArrayLike<number>) => T
  readonly download: (array: T, size: number) => Promise<Float32Array>
  readonly release: (array: T) => void
  readonly build: (program: Program, launches: Launches) => Promise<Built<T>>
  readonly close: () => Promise<void>
}

export interface Built<T> {
  /** How it executes, in words. */
  readonly mode: string
  /** Bytes of everything that is alive at once, at most. */
  readonly peakMemory: number
  /** The outputs. Donated inputs are taken over: the caller forgets them. */
  readonly run: (inputs: readonly T[]) => Promise<readonly T[]>
}
