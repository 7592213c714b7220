/** halograd/backends/wasm, for a page: see `backend.ts`. */
import { wasmOn } from './backend.ts'
import { browserHost } from './host/browser.ts'

export { UnsupportedEngineError, type WasmOptions } from './backend.ts'

/**
 * Open a WebAssembly backend in a page: as many threads as there are cores where the page is cross-origin isolated (headers
 * `Cross-Origin-Opener-Policy: same-origin` and `Cross-Origin-Embedder-Policy: require-corp`), else one.
 * @throws RangeError for a number of threads that is not an integer from 1 to 64; UnsupportedEngineError where there is no SIMD
 * @example
 * ```ts
 * import { wasm } from 'halograd/backends/wasm'
 * export const open = () => wasm()
 * ```
 */
export const wasm = wasmOn(browserHost)

/**
 * How many threads can share work here: the cores, or 1 where memory cannot be shared.
 * @example
 * ```ts
 * import { cores } from 'halograd/backends/wasm'
 * console.log((await cores()) >= 1) // true
 * ```
 */
export const cores = browserHost.cores
/**
 * The system BLAS that `blas: 'auto'` would use; undefined where there is none.
 * @example
 * ```ts
 * import { findBlas } from 'halograd/backends/wasm'
 * const blas = await findBlas()
 * const products = blas === undefined ? 'WebAssembly' : blas.library // a path such as /usr/lib/x86_64-linux-gnu/libopenblas.so.0
 * ```
 */
export const findBlas = browserHost.findBlas
/**
 * Whether `precision: 'fast'` has fused multiply-add here.
 * @example
 * ```ts
 * import { fusable, wasm } from 'halograd/backends/wasm'
 * const backend = await wasm({ threads: 1, precision: (await fusable()) ? 'fast' : 'exact' })
 * await backend.close?.()
 * ```
 */
export const fusable = browserHost.fusable
