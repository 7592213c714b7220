/** Arrays on a device: uploaded, read back, freed. */
import type { Handle } from '../../core/index.ts'
import { half, type Narrow, type Storage, widened } from '../../core/internal.ts'
import { check, type GpuMachine, usage } from './device.ts'
import { UnknownArrayError } from './errors.ts'
import type { Heap, Spot } from './heap.ts'
import { bytesOf } from './launch.ts'

/** At home in a heap until it is freed or donated. */
export interface GpuArray extends Handle {
  readonly spot: Spot
  readonly storage?: Storage | undefined
  home: Heap | undefined
}

/** Elements of 4 bytes that an array takes. */
const extent = ({ size, storage }: Pick<GpuArray, 'size' | 'storage'>): number => Math.ceil((size * bytesOf(storage)) / 4)

export const make = (machine: GpuMachine, size: number, storage?: Storage): GpuArray => {
  const spot = machine.store.take(extent({ size, storage }))
  machine.alive++
  return { size, spot, storage, home: machine.store }
}

/** @throws UnknownArrayError for an array that is not at home here */
export const known = ({ store }: GpuMachine, handle: Handle): GpuArray => {
  const mine = handle as GpuArray // if it has this home, it was made here
  if (mine.home !== store) throw new UnknownArrayError(`webgpu: this array of ${handle.size} was freed or donated, or is another backend's`)
  return mine
}

const write = ({ device, store }: GpuMachine, { spot }: GpuArray, bytes: Uint8Array<ArrayBufferLike>): void => {
  const buffer = store.slabs[spot.slab]!
  const whole = bytes.length % 4 === 0 ? bytes : Uint8Array.from({ length: Math.ceil(bytes.length / 4) * 4 }, (_, i) => bytes[i] ?? 0)
  // WebGPU's types exclude shared memory, from which browsers refuse to write.
  const own = whole.buffer instanceof ArrayBuffer ? whole : Uint8Array.from(whole)
  if (own.length > 0) device.queue.writeBuffer(buffer, 4 * spot.offset, own.buffer as ArrayBuffer, own.byteOffset, own.byteLength)
}
const bytesIn = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength)

export const upload = (machine: GpuMachine, data: ArrayLike<number>): GpuArray => {
  check(machine)
  const made = make(machine, data.length)
  write(machine, made, bytesIn(data instanceof Float32Array ? data : Float32Array.from(data)))
  return made
}

export const uploadNarrow = (machine: GpuMachine, { format, bits, length }: Narrow): GpuArray => {
  check(machine)
  const made = make(machine, length, format)
  write(machine, made, bytesIn(bits))
  return made
}

export const free = (machine: GpuMachine, handle: Handle): void => {
  const mine = handle as GpuArray // if it has this home, it was made here
  // What `close` released may still be collected later.
  if (mine.home !== machine.store) return
  mine.home = undefined
  machine.alive--
  machine.store.give(mine.spot, extent(mine))
}

/** Read back: copied after all that was submitted before. Nothing else waits for it. */
export const download = async (machine: GpuMachine, handle: Handle): Promise<Float32Array> => {
  check(machine)
  const array = known(machine, handle)
  const { device, store, staging } = machine
  const bytes = 4 * extent(array)
  const room = 2 ** Math.ceil(Math.log2(Math.max(bytes, 256)))
  const pool = staging.get(room) ?? []
  staging.set(room, pool)
  let target = pool.pop()
  if (target === undefined) {
    machine.made++
    target = device.createBuffer({ size: room, usage: usage.mapRead | usage.copyTarget })
  }
  const encoder = device.createCommandEncoder()
  encoder.copyBufferToBuffer(store.slabs[array.spot.slab]!, 4 * array.spot.offset, target, 0, bytes)
  device.queue.submit([encoder.finish()])
  await target.mapAsync(usage.mapRead, 0, bytes).catch((cause: unknown) => {
    check(machine)
    throw cause
  })
  check(machine)
  const copy = target.getMappedRange(0, bytes).slice(0)
  target.unmap()
  if (room <= largestKept) pool.push(target)
  else target.destroy()
  if (array.storage === 'bf16') return widened(half('bf16', new Uint16Array(copy, 0, array.size)))
  return array.storage === 'i8' ? Float32Array.from(new Int8Array(copy, 0, array.size)) : new Float32Array(copy)
}
/** Larger buffers to read back through are not kept. */
const largestKept = 1 << 20
