/** halograd/backends/wasm, for a page: see `backend.ts`. */
import { wasmOn } from './backend.ts'
import { browserHost } from './host/browser.ts'

export { UnsupportedEngineError, type WasmOptions } from './backend.ts'

/**
 * Open a WebAssembly backend in a page: as many threads as there are cores where the page is cross-origin isolated (headers
 * `Cross-Origin-Opener-Policy: same-origin` and `Cross-Origin-Embedder-Policy: require-corp`), else one.
 * @throws RangeError for a number of threads that is not an integer from 1 to 64; UnsupportedEngineError where there is no SIMD
 */
export const wasm = wasmOn(browserHost)

/** How many threads can share work here: the cores, or 1 where memory cannot be shared. */
export const cores = browserHost.cores
/** The system BLAS that `blas: 'auto'` would use; undefined where there is none. */
export const findBlas = browserHost.findBlas
/** Whether `precision: 'fast'` has fused multiply-add here. */
export const fusable = browserHost.fusable
