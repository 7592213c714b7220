/**
 * What the printers hand to the device: launches, in order. A launch is a shader that finds its arrays by arguments; launches of one
 * structure share a pipeline, whatever arrays they work on.
 */
import type { Program } from '../plan/index.ts'
import type { Region } from '../plan/regions.ts'

/** An array, or a part of one: of the arena (slot 0), an input (from 1), or an output (after those). */
export interface GpuArgument {
  readonly slot: number
  /** In elements of so many bytes (default 4). */
  readonly offset: number
  readonly unit?: number
}

/** A shader, up to where its arrays are. */
export interface Shader {
  /** Threads of a workgroup. */
  readonly threads: number
  /** What memory is made of: numbers, or words that hold narrow numbers, too. */
  readonly element: MemoryElement
  /** Declarations beside those of every shader: workgroup memory. */
  readonly declarations: readonly string[]
  /** Statements of main, which may use `group`, `thread`, and `p0`, `p1`, … (where argument 0, 1, … begins, in its elements). */
  readonly body: readonly string[]
}
export type MemoryElement = 'f32' | 'u32' | 'vec4<f32>'

export interface GpuLaunch {
  readonly name: string
  /** Launches with equal structures have the same shader. */
  readonly structure: string
  /** `memory[a]`: the name of the memory that holds argument a. */
  readonly shader: (memory: readonly string[]) => Shader
  readonly arguments: readonly GpuArgument[]
  readonly reads: readonly Region[]
  readonly writes: readonly Region[]
  /** Workgroups. */
  readonly groups: number
}

/** The arena from one element to another. */
export const inArena = (from: number, to: number): Region => ({ array: -1, from, to })

/** Bytes of a number that is kept so. */
export const bytesOf = (storage: string | undefined): 1 | 2 | 4 => (storage === 'bf16' ? 2 : storage === 'i8' ? 1 : 4)

/** MemoryElement `offset` of a buffer of the program. */
export const argumentOf = ({ buffers, inputs }: Program, buffer: number, offset: number): GpuArgument => {
  const { place, storage } = buffers[buffer]!
  if (place.in === 'scratch') return { slot: 0, offset: place.offset + offset }
  return { slot: 1 + place.index + (place.in === 'output' ? inputs.length : 0), offset, unit: bytesOf(storage) }
}
