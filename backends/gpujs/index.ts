/** halograd/backends/gpujs, for Node: WebGPU is Dawn's, through the optional package `webgpu`. See `backend.ts`. */
import { useWithoutNavigator } from '../graphics/index.ts'

export * from './backend.ts'

useWithoutNavigator(async () => (await import('../graphics/dawn.ts')).dawn())
