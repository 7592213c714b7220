/** What jax-js takes for granted in a browser, and Node 20 lacks: iterator helpers (ES2025), and Workers made from a blob: for its threads. */
import { resolveObjectURL } from 'node:buffer'
import { Worker } from 'node:worker_threads'
import { graphics } from '../../../backends/graphics/index.ts'
import '../../../backends/webgpu/index.ts' // names Dawn as the WebGPU of Node

const iterators: object = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()))
const helper = (name: string, value: (this: Iterable<unknown>, f: (x: unknown, i: number) => unknown) => unknown): void => {
  if (!Reflect.has(iterators, name)) Object.defineProperty(iterators, name, { value, configurable: true, writable: true })
}
helper('map', function* (f) {
  let i = 0
  for (const x of this) yield f(x, i++)
})
helper('filter', function* (f) {
  let i = 0
  for (const x of this) if (f(x, i++)) yield x
})
helper('toArray', function () {
  return [...this]
})

/** The part of a browser's Worker that jax-js uses. */
class BlobWorker {
  onmessage: ((event: { readonly data: unknown }) => void) | null = null
  onerror: ((event: { readonly message: string }) => void) | null = null
  readonly #worker: Promise<Worker>
  constructor(url: string) {
    this.#worker = this.#begin(url)
    this.#worker.catch((error: unknown) => this.onerror?.({ message: String(error) }))
  }
  async #begin(url: string): Promise<Worker> {
    const source = await resolveObjectURL(url)?.text()
    if (source === undefined) throw new TypeError(`there is nothing at ${url}`)
    const worker = new Worker(prelude + source, { eval: true })
    worker.on('message', (data) => this.onmessage?.({ data }))
    worker.on('error', (error) => this.onerror?.({ message: String(error) }))
    return worker
  }
  postMessage(message: unknown): void {
    void this.#worker.then((worker) => worker.postMessage(message))
  }
  terminate(): void {
    void this.#worker.then((worker) => worker.terminate())
  }
}
const prelude = `const { parentPort } = require('node:worker_threads')
globalThis.self = globalThis
globalThis.postMessage = (message) => parentPort.postMessage(message)
parentPort.on('message', (data) => globalThis.onmessage?.({ data }))
`

/** With one thread there are no Workers, and results can be read synchronously. */
export const pretendToBeABrowser = (threads: number): void => {
  if (threads === 1) return
  Object.defineProperty(globalThis, 'Worker', { value: BlobWorker, configurable: true })
  Object.defineProperty(globalThis, 'navigator', { value: { hardwareConcurrency: threads }, configurable: true })
}

/** `navigator.gpu`, and the constants of a browser that has it. */
export const pretendToHaveAGpu = async (): Promise<void> => {
  const found = await graphics()
  if (typeof found === 'string') throw new TypeError(found)
  Object.assign(globalThis, (await import('webgpu')).globals)
  const known = typeof navigator === 'undefined' ? {} : navigator
  Object.defineProperty(globalThis, 'navigator', { value: { ...known, userAgent: 'Node', gpu: found.gpu }, configurable: true })
}
