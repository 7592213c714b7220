/** gpu.js, in each mode that halograd uses (not webgl2: where there is a GPU, it takes WebGPU). */
import { gpujs, gpujsModes, probeGpujs } from '../../../backends/gpujs/index.ts'
import type { Variant } from '../variant.ts'

export const variants: readonly Variant[] = gpujsModes
  .filter((mode) => mode !== 'webgl2')
  .map((mode) => ({
    name: `gpujs ${mode}`,
    absent: async () => {
      const here = await probeGpujs(mode)
      return here.available ? undefined : here.reason
    },
    open: () => gpujs({ mode }),
    // Software GPUs' exp is off by up to 16 ulp.
    tolerance: mode === 'webgpu' ? 4e-5 : 1e-5,
  }))
