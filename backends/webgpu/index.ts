/** halograd/backends/webgpu, for Node: WebGPU is Dawn's, through the optional package `webgpu`. See `backend.ts`. */
import { useWithoutNavigator } from '../graphics/index.ts'
import { keepTiles } from './backend.ts'

export * from './backend.ts'

useWithoutNavigator(async () => (await import('../graphics/dawn.ts')).dawn())
keepTiles({
  read: async (device) => (await import('./kept.ts')).read(device),
  write: async (device, choice) => (await import('./kept.ts')).write(device, choice),
})
