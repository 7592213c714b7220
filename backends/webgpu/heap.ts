/**
 * Device memory: a few large buffers (*slabs*), and who uses which part of them. Arrays that share a slab share its one read-write binding,
 * so a kernel over any number of arrays binds as many buffers as they have slabs: usually one.
 *
 *     array = (slab, offset),   offsets in elements of 4 bytes, aligned to 256 bytes
 */
import { DeviceLimitError } from './errors.ts'

/** Where an array lies. */
export interface Spot {
  readonly slab: number
  /** In elements of 4 bytes. */
  readonly offset: number
}
export interface Heap {
  /** Room for so many elements. @throws DeviceLimitError where no buffer of the device can hold them */
  readonly take: (elements: number) => Spot
  readonly give: (spot: Spot, elements: number) => void
  readonly slabs: readonly GPUBuffer[]
  /** Elements in use, and in all slabs. */
  readonly used: () => number
  readonly held: () => number
}

export interface Hole {
  from: number
  to: number
}

const alignment = 64
const aligned = (elements: number): number => Math.ceil(Math.max(elements, 1) / alignment) * alignment

/** The first slab; each later one is twice as large, up to what the device binds. */
const firstSlab = 1 << 22

/** Give a range back to sorted holes, joined with its neighbours. */
export const insert = (holes: Hole[], from: number, to: number): void => {
  let i = holes.findIndex((hole) => hole.from > from)
  if (i < 0) i = holes.length
  holes.splice(i, 0, { from, to })
  const after = holes[i + 1]
  if (after?.from === to) holes.splice(i, 2, { from, to: after.to })
  const before = holes[i - 1]
  if (before?.to === from) holes.splice(i - 1, 2, { from: before.from, to: holes[i]?.to ?? to })
}

/** `allocate`: a buffer of so many bytes. `largest`: elements that a binding may have. */
export const heap = (allocate: (bytes: number) => GPUBuffer, largest: number): Heap => {
  const slabs: GPUBuffer[] = []
  const holes: Hole[][] = []
  let used = 0
  let held = 0
  let next = firstSlab
  const open = (size: number): void => {
    const elements = Math.max(size, Math.min(next, largest))
    next = Math.min(2 * elements, largest)
    slabs.push(allocate(4 * elements))
    holes.push([{ from: 0, to: elements }])
    held += elements
  }
  const find = (size: number): Spot | undefined => {
    for (const [slab, list] of holes.entries()) {
      const hole = list.find(({ from, to }) => to - from >= size)
      if (hole === undefined) continue
      const offset = hole.from
      hole.from += size
      if (hole.from === hole.to) list.splice(list.indexOf(hole), 1)
      return { slab, offset }
    }
    return undefined
  }
  return {
    slabs,
    take: (elements) => {
      const size = aligned(elements)
      if (size > largest)
        throw new DeviceLimitError(
          `webgpu: an array of ${4 * elements} bytes was asked for, but this device binds at most ${4 * largest} bytes: use a smaller model or batch, or the wasm backend`,
        )
      const known = find(size)
      if (known === undefined) open(size)
      const spot = known ?? find(size)
      if (spot === undefined) throw new DeviceLimitError(`webgpu: a new buffer does not hold the ${4 * size} bytes that it was made for`)
      used += size
      return spot
    },
    give: ({ slab, offset }, elements) => {
      insert(holes[slab]!, offset, offset + aligned(elements))
      used -= aligned(elements)
    },
    used: () => used,
    held: () => held,
  }
}
