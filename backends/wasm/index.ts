/**
 * halograd on WebAssembly: every program becomes a module of SIMD code, generated for its shapes, over one memory in which
 * arrays stay. The embedded default: no native parts, in Node and in browsers.
 */
import type { Backend, Executable } from '../../core/index.ts'
import { plan, summarize } from '../plan/index.ts'
import { device, type Loaded } from './device.ts'
import { cores, findBlas, fusable } from './host.ts'
import { mostThreads } from './runtime.ts'

export { cores, findBlas, fusable } from './host.ts'

export interface WasmOptions {
  /** Threads that share the work. Results do not depend on it, to the bit. Default: one a core, where memory can be shared. */
  readonly threads?: number
  /**
   * 'auto': products by a system BLAS (OpenBLAS, MKL, Accelerate), where koffi is installed and finds one: up to five times as
   * fast, but other bits on other machines. 'off', the default: the same bits everywhere. `report.mode` says what is used.
   */
  readonly blas?: 'auto' | 'off'
  /**
   * 'fast': products with fused multiply-add where the host has it, a tenth faster or more, but other bits on other processors.
   * 'exact', the default: every product is the plain loop, to the bit.
   */
  readonly precision?: 'exact' | 'fast'
}

/** Open a WebAssembly backend. @throws RangeError for a number of threads that makes no sense */
export const wasm = async ({ threads, blas = 'off', precision = 'exact' }: WasmOptions = {}): Promise<Backend> => {
  const library = blas === 'auto' ? await findBlas() : undefined
  const fused = precision === 'fast' && (await fusable())
  const machine = await device({ threads: threads ?? Math.min(await cores(), mostThreads), blas: library, fused })
  const name = 'wasm'
  return {
    name,
    compile: async (graph) => {
      // Of causal attention, small blocks leave out more. B is packed once for all of them; a BLAS packs it for each.
      const program = plan(graph, { block: library === undefined ? 16 : 32 })
      const { kernels, flops, traffic, peakMemory } = summarize(program)
      const { run, steps, step, threads: taking } = await machine.load(program)
      const products = blas === 'off' ? '' : library === undefined ? ', no BLAS found' : `, ${library.library}`
      const madd = precision === 'exact' ? '' : fused ? ', fused multiply-add' : ', no fused multiply-add here'
      const mode = `${taking === 1 ? '1 thread' : `${taking} threads`}${madd}${products}`
      const report = { backend: name, mode, kernels, flops, traffic, peakMemory }
      const executable: Executable & Pick<Loaded, 'steps' | 'step'> = { run: async (inputs) => run(inputs), report, steps, step }
      return executable
    },
    upload: machine.upload,
    uploadHalf: machine.uploadHalf,
    download: async (handle) => machine.read(handle),
    free: machine.free,
    live: machine.live,
    close: machine.close,
  }
}
