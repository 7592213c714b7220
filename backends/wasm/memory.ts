/**
 * One WebAssembly memory and who uses which part of it: a sorted list of holes, first fit, neighbours merged when freed.
 * Addresses are bytes, aligned to 64. It begins with the control block of the runtime.
 */
import { control } from './runtime.ts'

export interface MemoryHeap {
  readonly memory: WebAssembly.Memory
  readonly pages: number
  readonly take: (bytes: number) => number
  readonly give: (address: number, bytes: number) => void
  /** All of it as numbers. A view lasts until the memory grows: ask anew each time. */
  readonly floats: () => Float32Array<ArrayBufferLike>
  readonly integers: () => Int32Array<ArrayBufferLike>
  readonly halves: () => Uint16Array<ArrayBufferLike>
  /** Bytes in use. */
  readonly used: () => number
}
export const page = 65536

const aligned = (bytes: number): number => Math.ceil(Math.max(bytes, 1) / 64) * 64

/** The largest memory that the host grants, from 4 GiB down: only what is used is ever backed by real memory. */
const reserve = (shared: boolean): { memory: WebAssembly.Memory; pages: number } => {
  for (let pages = 65536; ; pages /= 2)
    try {
      return { memory: new WebAssembly.Memory({ initial: 16, maximum: pages, shared }), pages }
    } catch (reason) {
      if (pages <= 1024) throw reason
    }
}

export const heap = (shared: boolean): MemoryHeap => {
  const { memory, pages } = reserve(shared)
  const holes: { from: number; to: number }[] = [{ from: control.bytes, to: memory.buffer.byteLength }]
  let used = 0
  /** A view of the memory, made anew only when it has grown. */
  const lasting = <View extends { readonly buffer: ArrayBufferLike }>(make: () => View): (() => View) => {
    let view = make()
    return () => {
      if (view.buffer !== memory.buffer) view = make()
      return view
    }
  }
  const give = (from: number, to: number): void => {
    let i = holes.findIndex((hole) => hole.from > from)
    if (i < 0) i = holes.length
    holes.splice(i, 0, { from, to })
    if (holes[i + 1]?.from === to) holes.splice(i, 2, { from, to: holes[i + 1]!.to })
    const before = holes[i - 1]
    if (before?.to === from) holes.splice(i - 1, 2, { from: before.from, to: holes[i]!.to })
  }
  const grow = (bytes: number): void => {
    const end = memory.buffer.byteLength
    const more = Math.min(Math.max(Math.ceil(bytes / page), Math.ceil(end / page / 8)), pages - end / page)
    try {
      if (more * page < bytes) throw new RangeError('the maximum is reached')
      memory.grow(more)
    } catch (reason) {
      throw new RangeError(`wasm: ${bytes} more bytes do not fit into memory, of which ${end} are taken (${String(reason)})`)
    }
    give(end, end + more * page)
  }
  return {
    memory,
    pages,
    take: (bytes) => {
      const size = aligned(bytes)
      const fitting = () => holes.find((hole) => hole.to - hole.from >= size)
      if (fitting() === undefined) {
        const last = holes.at(-1)
        grow(size - (last?.to === memory.buffer.byteLength ? last.to - last.from : 0))
      }
      const hole = fitting()!
      const address = hole.from
      hole.from += size
      if (hole.from === hole.to) holes.splice(holes.indexOf(hole), 1)
      used += size
      return address
    },
    give: (address, bytes) => {
      give(address, address + aligned(bytes))
      used -= aligned(bytes)
    },
    floats: lasting(() => new Float32Array(memory.buffer)),
    halves: lasting(() => new Uint16Array(memory.buffer)),
    integers: lasting(() => new Int32Array(memory.buffer)),
    used: () => used,
  }
}
