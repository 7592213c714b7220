/**
 * A device, with its memory and its compiled pipelines. What goes wrong on it is reported later than it happens: errors are kept, and thrown
 * by whatever is asked for next.
 */
import { DeviceLimitError, LostDeviceError, NoAdapterError, RefusedProgramError } from './errors.ts'
import { type Heap, heap, type Spot } from './heap.ts'

/** WebGPU's numbers for these (the globals exist only in browsers). */
export const usage = { mapRead: 0x0001, copySource: 0x0004, copyTarget: 0x0008, uniform: 0x0040, storage: 0x0080 } as const

export interface GpuMachine {
  readonly device: GPUDevice
  /** What it is, in words. */
  readonly description: string
  /** A CPU plays the GPU. */
  readonly software: boolean
  readonly store: Heap
  /** The scratch that all programs share, one after the other. */
  arena: { readonly spot: Spot; readonly elements: number } | undefined
  alive: number
  /** Why it is gone, if it is. */
  lost: string | undefined
  /** What the device has complained about since anyone looked. */
  failure: Error | undefined
  /** Verdicts that are still to come. */
  readonly pending: Set<Promise<void>>
  /** By text. */
  readonly pipelines: Map<string, GpuPipeline>
  /** By their number of memories. */
  readonly layouts: Map<number, GPUBindGroupLayout>
  /** Steps that were submitted and may not be done. */
  readonly flying: Promise<unknown>[]
  /** Buffers to read back through, by size. */
  readonly staging: Map<number, GPUBuffer[]>
  /** GPU buffers that were made, ever: in a steady step, none. */
  made: number
}
export interface GpuPipeline {
  ready: GPUComputePipeline | undefined
  readonly compiled: Promise<GPUComputePipeline>
}

/**
 * Limits as Chrome grants them, in tiers, so that what runs in Node runs in a page: of those tiers that an adapter reaches, the highest.
 * Lower than the lowest is refused.
 */
const tiers: Readonly<Record<Limit, readonly number[]>> = {
  maxStorageBufferBindingSize: [128, 256, 512, 1024, 2047, 4095].map((mebibytes) => mebibytes * 2 ** 20),
  maxBufferSize: [256, 512, 1024, 2048, 4096].map((mebibytes) => mebibytes * 2 ** 20),
  maxStorageBuffersPerShaderStage: [8, 10, 16],
  maxComputeWorkgroupStorageSize: [16384, 32768, 49152, 65536],
  maxComputeInvocationsPerWorkgroup: [256, 1024],
}
type Limit =
  | 'maxStorageBufferBindingSize'
  | 'maxBufferSize'
  | 'maxStorageBuffersPerShaderStage'
  | 'maxComputeWorkgroupStorageSize'
  | 'maxComputeInvocationsPerWorkgroup'

/** The limits to ask for. @throws NoAdapterError where the adapter lacks even the least */
export const limitsOf = (adapter: Pick<GPUAdapter, 'limits'>, description: string): Record<Limit, number> => {
  const granted = Object.entries(tiers).map(([name, steps]) => {
    const has = adapter.limits[name as Limit] // a key of `tiers`
    const tier = steps.findLast((step) => step <= has)
    if (tier === undefined)
      throw new NoAdapterError(
        `webgpu: ${description} has ${name} ${has}, but at least ${steps[0]} is needed: use another GPU, or the wasm backend`,
      )
    return [name, tier] as const
  })
  return Object.fromEntries(granted) as Record<Limit, number> // of the keys of `tiers`
}

/** @throws NoAdapterError */
export const machineOn = async (adapter: GPUAdapter, description: string, software: boolean): Promise<GpuMachine> => {
  const requiredLimits = limitsOf(adapter, description)
  const requiredFeatures = (['timestamp-query'] as const).filter((feature) => adapter.features.has(feature))
  const device = await adapter.requestDevice({ requiredLimits, requiredFeatures })
  const largest = Math.floor(Math.min(requiredLimits.maxStorageBufferBindingSize, requiredLimits.maxBufferSize) / 4)
  const allocate = (bytes: number): GPUBuffer => {
    machine.made++
    return attempt(
      machine,
      'out-of-memory',
      () => device.createBuffer({ size: bytes, usage: usage.storage | usage.copySource | usage.copyTarget }),
      (said) => {
        return new DeviceLimitError(
          `webgpu: ${description} has no room for ${bytes} more bytes (${said}): use a smaller model or batch, or the wasm backend`,
        )
      },
    )
  }
  const store = heap(allocate, largest)
  const machine: GpuMachine = {
    ...{ device, description, software, store, arena: undefined, alive: 0 },
    ...{ lost: undefined, failure: undefined, pending: new Set(), pipelines: new Map(), layouts: new Map() },
    ...{ flying: [], staging: new Map(), made: 0 },
  }
  void device.lost.then(({ reason, message }) => {
    machine.lost = message === '' ? reason : `${reason}: ${message}`
  })
  device.onuncapturederror = ({ error }) => {
    machine.failure ??= new RefusedProgramError(`webgpu: ${description} refused what it was told to do: ${error.message}`)
  }
  return machine
}

/** Do something whose failure the device reports later. */
export const attempt = <T>(machine: GpuMachine, kind: GPUErrorFilter, act: () => T, failure: (said: string) => Error): T => {
  const { device, pending } = machine
  device.pushErrorScope(kind)
  const made = act()
  const verdict: Promise<void> = device.popErrorScope().then(
    (error) => {
      if (error !== null) machine.failure ??= failure(error.message)
      pending.delete(verdict)
    },
    () => void pending.delete(verdict), // the device is lost, which is said elsewhere
  )
  pending.add(verdict)
  return made
}

/** @throws LostDeviceError, or what the device has complained about */
export const check = (machine: GpuMachine): void => {
  const { lost, failure, description } = machine
  if (lost !== undefined)
    throw new LostDeviceError(
      `webgpu: ${description} was lost (${lost}), and all arrays on it: open the backend again, and go on from the last checkpoint (--resume)`,
    )
  if (failure === undefined) return
  machine.failure = undefined
  throw failure
}

/** Wait for all verdicts. @throws what they are */
export const settle = async (machine: GpuMachine): Promise<void> => {
  while (machine.pending.size > 0) await Promise.all(machine.pending)
  check(machine)
}

/** Make sure that the arena has so many elements. */
export const growArena = (machine: GpuMachine, elements: number): void => {
  const { arena, store } = machine
  if (arena !== undefined && elements <= arena.elements) return
  if (arena !== undefined) store.give(arena.spot, arena.elements)
  machine.arena = { spot: store.take(elements), elements }
}
