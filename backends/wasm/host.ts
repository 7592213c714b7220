/**
 * What differs between hosts: how workers start, how many cores there are, whether there is fused multiply-add or a BLAS. `host/node.ts`
 * and `host/browser.ts` are the two that exist; everything else in this folder runs on either.
 */
import { f32x4 } from './instructions.ts'
import { module } from './module.ts'

/** A worker thread of this host. */
export interface Worker {
  readonly send: (message: unknown) => void
  /** The next answer; answers come in the order in which they were asked for. Rejects with `failure` where the worker ends before. */
  readonly answer: () => Promise<void>
  /** Why the worker runs no more, if it does not. */
  readonly failure: () => Error | undefined
  /** May be called again. */
  readonly end: () => Promise<void>
}

/** For hosts: the answers of a worker that are awaited, first come, first served; and the end of all. `waiting` hears whether any is. */
export const answers = (waiting: (some: boolean) => void) => {
  const asked: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = []
  let failed: Error | undefined
  return {
    failure: () => failed,
    answer: () =>
      new Promise<void>((resolve, reject) => {
        if (failed !== undefined) return reject(failed)
        asked.push({ resolve, reject })
        waiting(true)
      }),
    resolve: () => {
      asked.shift()?.resolve()
      if (asked.length === 0) waiting(false)
    },
    /** The first reason counts. */
    fail: (why: string) => {
      failed ??= new Error(`wasm: a worker ${why}: open the backend again`)
      for (const { reject } of asked.splice(0)) reject(failed)
    },
  }
}

/** A system BLAS: the library, and the module that calls it. */
export interface Blas {
  readonly module: string
  readonly library: string
}
export type Gemm = (...args: readonly number[]) => void
/** Services of the runtime that a BLAS replaces. */
export interface BlasProducts {
  readonly gemm: Gemm
  readonly pack: () => void
}

export interface Host {
  /** Start a worker on a script that uses `receive` and `send`. It does not keep a process alive while nobody awaits its answer. */
  readonly spawn: (script: string) => Promise<Worker>
  /** Whether the thread that opens a backend may sleep: the main thread of a page may not. */
  readonly blocks: boolean
  /** How many threads this host can run at once: its cores, or 1 where memory cannot be shared. */
  readonly cores: () => Promise<number>
  /** Whether this host has fused multiply-add. */
  readonly fusable: () => Promise<boolean>
  /** The BLAS of this machine, where the host can call one and finds one. */
  readonly findBlas: () => Promise<Blas | undefined>
  readonly blasProducts: (blas: Blas, memory: WebAssembly.Memory, gemm: Gemm) => Promise<BlasProducts>
}

/** Whether the engine compiles fused multiply-add. */
export const compilesRelaxedMadd = (): boolean => {
  const m = module({ pages: 1, shared: false })
  const x = f32x4.const(1)
  m.define(undefined, [], (locals) => locals('v128').set(f32x4.relaxed_madd(x, x, x)))
  return WebAssembly.validate(m.binary())
}

/** Whether the engine compiles 128-bit SIMD, without which nothing here runs. */
export const compilesSimd = (): boolean => {
  const m = module({ pages: 1, shared: false })
  const x = f32x4.const(1)
  m.define(undefined, [], (locals) => locals('v128').set(f32x4.add(x, x)))
  return WebAssembly.validate(m.binary())
}
