/** halograd/backends/wasm, for Node: see `backend.ts`. */
import { wasmOn } from './backend.ts'
import { nodeHost } from './host/node.ts'

export { UnsupportedEngineError, type WasmOptions } from './backend.ts'

/**
 * Open a WebAssembly backend in Node. `blas: 'auto'` needs the optional package koffi; `precision: 'fast'` sets V8's flag
 * `--experimental-wasm-relaxed-simd` in this process where the engine does not have fused multiply-add without it (Node 20).
 * @throws RangeError for a number of threads that is not an integer from 1 to 64; UnsupportedEngineError where there is no SIMD
 * @example
 * const backend = await wasm({ threads: 2 })
 */
export const wasm = wasmOn(nodeHost)

/** What this host has: its cores, fused multiply-add, a BLAS. */
export const { cores, findBlas, fusable } = nodeHost
