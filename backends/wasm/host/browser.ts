/** A page as a host: web workers, where it is cross-origin isolated; otherwise one thread. There is no BLAS. */
import { compilesRelaxedMadd, type Host } from '../host.ts'

export const browserHost: Host = {
  spawn: async (script) => {
    const url = URL.createObjectURL(new Blob([`const receive = (f) => { onmessage = (e) => f(e.data) }, send = postMessage${script}`]))
    const worker = new Worker(url)
    return {
      send: (message) => worker.postMessage(message),
      answer: () =>
        new Promise((resolve, reject) => {
          worker.onmessage = () => resolve()
          worker.onerror = (event) => reject(new Error(`wasm: a worker failed: ${event.message}`))
        }),
      end: async () => {
        worker.terminate()
        URL.revokeObjectURL(url)
      },
    }
  },
  cores: async () => (globalThis.crossOriginIsolated && typeof SharedArrayBuffer !== 'undefined' ? navigator.hardwareConcurrency : 1),
  fusable: async () => compilesRelaxedMadd(),
  findBlas: async () => undefined,
  blasProducts: async ({ library }) => {
    throw new TypeError(`wasm: a page cannot call ${library}: BLAS libraries are for Node`)
  },
}
