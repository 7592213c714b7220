/**
 * halograd on WebAssembly: every program becomes a module of SIMD code, generated for its shapes, over one memory in which
 * arrays stay. The embedded default: no native parts, in Node and in browsers.
 */
import type { Backend } from '../../core/index.ts'
import { plan, summarize } from '../plan/index.ts'
import { device } from './device.ts'

/** Open a WebAssembly backend. */
export const wasm = async (): Promise<Backend> => {
  const machine = await device()
  const name = 'wasm'
  return {
    name,
    compile: async (graph) => {
      const program = plan(graph)
      const { kernels, flops, traffic, peakMemory } = summarize(program)
      const { run } = await machine.load(program)
      return { run: async (inputs) => run(inputs), report: { backend: name, mode: '1 thread', kernels, flops, traffic, peakMemory } }
    },
    upload: machine.upload,
    download: async (handle) => machine.read(handle),
    free: machine.free,
    live: machine.live,
    close: machine.close,
  }
}
