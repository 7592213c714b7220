/** halograd/backends/wasm, for Node: see `backend.ts`. */
import { wasmOn } from './backend.ts'
import { nodeHost } from './host/node.ts'

export { UnsupportedEngineError, type WasmOptions } from './backend.ts'

/**
 * Open a WebAssembly backend in Node, with float32 numbers. `blas: 'auto'` needs the optional package koffi; `precision: 'fast'` sets
 * V8's flag `--experimental-wasm-relaxed-simd` in this process where the engine does not have fused multiply-add without it (Node 20).
 * @throws RangeError for a number of threads that is not an integer from 1 to 64; UnsupportedEngineError where there is no SIMD
 * @example
 * ```ts
 * import { wasm } from 'halograd/backends/wasm'
 * import { read, sum, tensor } from 'halograd/core'
 * const backend = await wasm({ threads: 1 })
 * console.log(await read(backend, sum(tensor({ i: 3 }, [1, 2, 3]), 'i'))) // Float32Array [6]
 * await backend.close?.()
 * ```
 */
export const wasm = wasmOn(nodeHost)

/**
 * How many threads can share work here: the cores, or 1 where memory cannot be shared.
 * @example
 * ```ts
 * import { cores } from 'halograd/backends/wasm'
 * console.log((await cores()) >= 1) // true
 * ```
 */
export const cores = nodeHost.cores
/**
 * The system BLAS that `blas: 'auto'` would use; undefined where there is none.
 * @example
 * ```ts
 * import { findBlas } from 'halograd/backends/wasm'
 * const blas = await findBlas()
 * const products = blas === undefined ? 'WebAssembly' : blas.library // a path such as /usr/lib/x86_64-linux-gnu/libopenblas.so.0
 * ```
 */
export const findBlas = nodeHost.findBlas
/**
 * Whether `precision: 'fast'` has fused multiply-add here.
 * @example
 * ```ts
 * import { fusable, wasm } from 'halograd/backends/wasm'
 * const backend = await wasm({ threads: 1, precision: (await fusable()) ? 'fast' : 'exact' })
 * await backend.close?.()
 * ```
 */
export const fusable = nodeHost.fusable
