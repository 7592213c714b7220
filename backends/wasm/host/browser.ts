/** A page as a host: web workers, where it is cross-origin isolated; otherwise one thread. There is no BLAS. */
import { answers, compilesRelaxedMadd, type Host } from '../host.ts'

export const browserHost: Host = {
  spawn: async (script) => {
    const url = URL.createObjectURL(new Blob([`const receive = (f) => { onmessage = (e) => f(e.data) }, send = postMessage${script}`]))
    const worker = new Worker(url)
    const { answer, resolve, fail, failure } = answers(() => {})
    worker.onmessage = resolve
    worker.onerror = (event) => fail(`failed: ${event.message}`)
    return {
      ...{ answer, failure },
      send: (message) => worker.postMessage(message),
      end: async () => {
        fail('was closed')
        worker.terminate()
        URL.revokeObjectURL(url)
      },
    }
  },
  blocks: typeof document === 'undefined',
  cores: async () => (globalThis.crossOriginIsolated && typeof SharedArrayBuffer !== 'undefined' ? navigator.hardwareConcurrency : 1),
  fusable: async () => compilesRelaxedMadd(),
  findBlas: async () => undefined,
  blasProducts: async ({ library }) => {
    throw new TypeError(`wasm: a page cannot call ${library}: BLAS libraries are for Node`)
  },
}
