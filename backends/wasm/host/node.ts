/** Node as a host: worker threads, all cores, a system BLAS through the optional package koffi. */
import { availableParallelism } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'
import { answers, type BlasProducts, compilesRelaxedMadd, type Gemm, type Host } from '../host.ts'

interface BlasModule {
  readonly found: () => string | undefined
  readonly products: (library: string, memory: WebAssembly.Memory, gemm: Gemm) => BlasProducts
}

const prologue = `const { parentPort } = require('node:worker_threads')
const receive = (f) => parentPort.on('message', f), send = (x) => parentPort.postMessage(x)`

export const nodeHost: Host = {
  spawn: async (script) => {
    const worker = new Worker(`${prologue}${script}`, { eval: true, name: 'halograd' })
    worker.unref()
    // Whoever awaits an answer keeps the process alive, nobody else.
    const { answer, resolve, fail, failure } = answers((some) => (some ? worker.ref() : worker.unref()))
    worker.on('message', resolve)
    worker.on('error', (error) => fail(`failed: ${error.message}`))
    worker.on('exit', () => fail('has ended'))
    return {
      ...{ answer, failure },
      send: (message) => worker.postMessage(message),
      end: async () => {
        fail('was closed')
        await worker.terminate()
      },
    }
  },
  blocks: true,
  cores: async () => (typeof SharedArrayBuffer === 'undefined' ? 1 : availableParallelism()),
  // Node 20 has fused multiply-add behind a flag, which is set here, and only when it is asked for.
  fusable: async () => {
    if (!compilesRelaxedMadd()) setFlagsFromString('--experimental-wasm-relaxed-simd')
    return compilesRelaxedMadd()
  },
  findBlas: async () => {
    const module = new URL('../blas.mjs', import.meta.url).href
    const { found }: BlasModule = await import(module).catch(() => ({ found: () => undefined })) // koffi is an optional dependency
    const library = found()
    return library === undefined ? undefined : { module, library }
  },
  blasProducts: async ({ module, library }, memory, gemm) => {
    const blas: BlasModule = await import(module)
    return blas.products(library, memory, gemm)
  },
}
