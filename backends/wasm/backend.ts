/**
 * halograd on WebAssembly: every program becomes a module of SIMD code, generated for its shapes, over one memory in which
 * arrays stay. The embedded default: no native parts, in Node and in browsers. This file is the same for every host.
 */
import type { Backend, Executable } from '../../core/index.ts'
import { plan, summarize } from '../plan/index.ts'
import { device } from './device.ts'
import { compilesSimd, type Host } from './host.ts'
import type { Loaded } from './load.ts'
import { mostThreads } from './runtime.ts'

/** How the WebAssembly backend computes. All are optional; the defaults give the same bits on every machine. */
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

/**
 * The engine cannot run what this backend generates: it has no WebAssembly, or no 128-bit SIMD.
 * @example
 * ```ts
 * import { UnsupportedEngineError, wasm } from 'halograd/backends/wasm'
 * const backend = await wasm({ threads: 1 }).catch((error: unknown) => {
 *   if (error instanceof UnsupportedEngineError) return undefined // fall back to `reference`
 *   throw error
 * })
 * await backend?.close?.()
 * ```
 */
export class UnsupportedEngineError extends Error {
  override readonly name = 'UnsupportedEngineError'
}

/**
 * The WebAssembly backend of a host.
 * @throws RangeError for a number of threads that is not an integer from 1 to 64; UnsupportedEngineError where there is no SIMD
 */
export const wasmOn =
  (host: Host) =>
  async (options: WasmOptions = {}): Promise<Backend> => {
    if (typeof WebAssembly === 'undefined' || !compilesSimd())
      throw new UnsupportedEngineError(
        'wasm: this engine has no WebAssembly SIMD. Use Node 20 or later on x64 or arm64, or a browser of 2023 or later; the backend `reference` runs everywhere',
      )
    return open(host, options)
  }

/** Fewer runs tell nothing. */
const fewestRuns = 5

const open = async (host: Host, { threads, blas = 'off', precision = 'exact' }: WasmOptions): Promise<Backend> => {
  const library = blas === 'auto' ? await host.findBlas() : undefined
  const fused = precision === 'fast' && (await host.fusable())
  const machine = await device({ host, threads: threads ?? Math.min(await host.cores(), mostThreads), blas: library, fused })
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
    uploadNarrow: machine.uploadNarrow,
    download: async (handle) => machine.read(handle),
    free: machine.free,
    live: machine.live,
    notice: () => {
      const { runs, alone } = machine.lately()
      if (runs < fewestRuns || alone < 0.8 * runs) return undefined
      return 'other work holds the cores: one thread is faster than all of them, and runs alone'
    },
    close: machine.close,
  }
}
