/** A WebGPU machine for tests, and how its memory is filled with NaN. */
import { graphics } from '../../backends/graphics/graphics.ts'
import { type GpuMachine, machineOn } from '../../backends/webgpu/device.ts'
import type { Style } from '../../backends/webgpu/grid.ts'
import { probeAdapter } from '../../backends/webgpu/index.ts'

const probe = await probeAdapter()
/** Why nothing can run here, or false. */
export const noAdapter: string | false = probe.available ? false : probe.reason

/** As kernels are printed for a card, and for a CPU that plays one. */
export const styles: { readonly [name in 'card' | 'software']: Style } = {
  card: { busy: 16384, lanes: 64 },
  software: { busy: 64, lanes: 4 },
}

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
