/**
 * `halograd bench`: what this machine can do, and what we do with it; alone, or in turns with a peer.
 *
 *     gemm        matrix products, against the measured peak of multiply-adds
 *     kernels     softmax, cross-entropy, layer norm, … against the measured speed of copying
 *     train       whole training steps of configuration tiny, A or B; `against` PyTorch or jax-js; `steps` or `long`: memory
 *     generate    text, token by token
 *     losses      training steps of KTO against SFT
 *     gpu         a graphics card: its peaks, products, a step's dispatches, training in turns with jax-js and gpu.js on WebGPU
 *     all         all of these but gpu, for the README
 */
import { availableParallelism } from 'node:os'
import { exactUnless, openBackend, type Wish } from '../inputs/backends.ts'
import { all } from './all.ts'
import { type ConfigurationName, configurations, type Suite } from './configurations.ts'
import { generate } from './generate.ts'
import { gpu } from './gpu.ts'
import { timed } from './jobs.ts'
import { losses } from './losses.ts'
import { machine } from './machine.ts'
import { alongSequences, alongSteps } from './memory.ts'
import type { PeerName } from './peers.ts'
import { kernels, products } from './programs.ts'
import { between, watchCores } from './quiet.ts'
import type { BenchRow } from './row.ts'
import { train } from './train.ts'

export { type ConfigurationName, configurations, type Suite } from './configurations.ts'
export type { PeerName } from './peers.ts'
export type { BenchRow } from './row.ts'

export interface BenchOptions extends Wish {
  readonly suite: Suite
  /** What `train` trains. Default `tiny`. */
  readonly config?: ConfigurationName
  readonly against?: readonly PeerName[]
  /** Samples of each figure, at least five for a claim; of `train`, rounds of a second. Default 5. */
  readonly repeats?: number
  /** `all`: for how many minutes it waits for quiet cores, so as to measure on them. Its last rows count. Default 0. */
  readonly patience?: number
  /** Of weights and data: an integer below 2²⁴. */
  readonly seed?: number
  /** `train`: take so many steps, and watch the memory instead of the time. */
  readonly steps?: number
  /** `train`: how memory grows with the sequence. */
  readonly long?: boolean
  /** `train`: the time of every kernel, instead of a step's. */
  readonly profile?: boolean
  /** Sizes for a test of the benchmark, not of the machine. */
  readonly small?: boolean
}

/** They share their work between threads, by default one a core. */
const threaded = ['auto', 'wasm']

/** The rows of a suite, as they are measured; the first is the machine. */
export async function* bench(options: BenchOptions): AsyncGenerator<BenchRow> {
  const {
    suite,
    config = 'tiny',
    against = [],
    repeats = 5,
    patience = 0,
    seed = 1,
    steps,
    long = false,
    profile = false,
    small = false,
  } = options
  const { backend: name, mode, blas } = options
  const threads = options.threads ?? (threaded.includes(name) ? availableParallelism() : 1)
  const wish = {
    ...exactUnless({ ...(mode === undefined ? {} : { mode }), ...(blas === undefined ? {} : { blas }) }),
    backend: name,
    ...(options.threads === undefined ? {} : { threads }),
  }
  if (suite === 'all') return yield* all(repeats, patience)
  yield await machine()
  const watch = await watchCores(threads, small)
  const training = async function* (): AsyncGenerator<BenchRow> {
    const configuration = configurations[config]
    const { look } = watch
    if (steps !== undefined) yield await alongSteps(configuration, { wish, threads, seed }, steps)
    if (long) yield* alongSequences({ wish, threads, seed })
    if (steps === undefined && !long)
      yield* train({ configuration, wish, threads, against, repeats, seed, profile, look, round: small ? 50 : 1000 })
  }
  const here = async function* (): AsyncGenerator<BenchRow> {
    const { backend, mode: found } = await openBackend(wish, () => {})
    try {
      const common = { backend, mode: found, threads, repeats }
      if (suite === 'generate') yield* generate({ ...common, seed, tokens: small ? 4 : 256 })
      else if (suite === 'losses') yield* losses({ ...common, seed, configuration: configurations[small ? 'tiny' : 'A'] })
      else {
        const jobs = suite === 'gemm' ? products(small) : small ? kernels(8, 16) : kernels(1024, 1024)
        yield* timed(jobs, { ...common, budget: small ? 1 : 1000 })
      }
    } finally {
      await backend.close?.()
    }
  }
  try {
    if (suite === 'gpu') yield* gpu({ repeats, seed, small, look: watch.look })
    else yield* between(suite === 'train' ? training() : here(), watch.look)
  } finally {
    await watch.close()
  }
}
