/** A WebGPU machine for tests, and how its memory is filled with NaN. */
import { graphics } from '../../backends/graphics/index.ts'
import { type GpuMachine, machineOn } from '../../backends/webgpu/device.ts'
import { probeAdapter } from '../../backends/webgpu/index.ts'

const probe = await probeAdapter()
/** Why nothing can run here, or false. */
export const noAdapter: string | false = probe.available ? false : probe.reason

export const opened = async (): Promise<GpuMachine> => {
  const found = await graphics()
  const adapter = typeof found === 'string' ? null : await found.gpu.requestAdapter()
  if (typeof found === 'string' || adapter === null) throw new Error('the adapter is gone')
  return machineOn(adapter, found.description, found.software)
}

/** All memory that is there becomes NaN: what nobody wrote is found out. */
export const poison = ({ device, store }: GpuMachine): void => {
  for (const slab of store.slabs) device.queue.writeBuffer(slab, 0, new Uint32Array(slab.size / 4).fill(0x7fc00000))
}
