/** Kernels of our own on WebGPU, printed as for a card; spec/webgpu runs them as they are printed for a CPU that plays one, too. */
import { backendOn } from '../../../backends/webgpu/backend.ts'
import { styles } from '../../../backends/webgpu/grid.ts'
import { noAdapter, opened } from '../../webgpu/opened.ts'
import type { Variant } from '../variant.ts'

export const variants: readonly Variant[] = [
  {
    name: 'webgpu',
    absent: async () => noAdapter || undefined,
    open: async () => backendOn(await opened(), styles.card),
    // Software GPUs' exp is off by up to 16 ulp.
    tolerance: 4e-5,
  },
]
