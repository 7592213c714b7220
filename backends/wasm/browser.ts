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

/** What this host has: its cores, and fused multiply-add. */
export const { cores, findBlas, fusable } = browserHost
