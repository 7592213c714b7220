/**
 * `halograd bench`: what this machine can do, and what we do with it; alone, or in turns with a peer.
 *
 *     gemm        matrix products, against the measured peak of multiply-adds
 *     kernels     softmax, cross-entropy, layer norm, … against the measured speed of copying
 *     train       whole training steps of configuration tiny, A or B; `against` PyTorch or jax-js; `steps` or `long`: memory
 *     generate    text, token by token; by a small Llama, or by the shape that `config` names
 *     align       KTO with adapters on random weights of SmolLM2-135M's, Qwen2.5-0.5B's or Gemma-3-270m's shape; `against` PyTorch
 *     load        such a checkpoint, from its files to the device
 *     losses      training steps of KTO against SFT
 *     gpu         a graphics card: its peaks, products, a step's dispatches, training in turns with jax-js and gpu.js on WebGPU
 *     all         gemm, kernels, train, generate and losses, for the README
 */
import { availableParallelism } from 'node:os'
import { exactUnless, openBackend, type Wish } from '../inputs/backends.ts'
import { align } from './align.ts'
import { all } from './all.ts'
import { type ConfigurationName, configurations, type Suite } from './configurations.ts'
import { generate } from './generate.ts'
import { gpu } from './gpu.ts'
import { timed } from './jobs.ts'
import { generateAt, load } from './load.ts'
import { losses } from './losses.ts'
import { machine } from './machine.ts'
import { alongSequences, alongSteps } from './memory.ts'
import type { PeerName } from './peers.ts'
import { kernels, products } from './programs.ts'
import { between, type Watch, watchCores } from './quiet.ts'
import type { BenchRow } from './row.ts'
import { isShape, type ShapeName } from './shapes.ts'
import { train } from './train.ts'

export { type ConfigurationName, configurations, type Suite } from './configurations.ts'
export type { PeerName } from './peers.ts'
export type { BenchRow } from './row.ts'

export interface BenchOptions extends Wish {
  readonly suite: Suite
  /** What `train` trains (default `tiny`); what `align`, `load` and `generate` take (default `smollm2-135m`; of `generate`, a small Llama). */
  readonly config?: ConfigurationName | ShapeName
  /** `align`, `load`, `generate`: how frozen weights are kept; of `align`, those beside adapters. Default: as float32. */
  readonly frozen?: 'bf16' | 'int8'
  /** `align`: all weights are trained, not adapters. */
  readonly full?: boolean
  /** `align`: layers are computed again in the backward pass. */
  readonly gradientCheckpointing?: boolean
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
    config,
    frozen,
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
    const configuration = configurations[config === undefined || isShape(config) ? 'tiny' : config]
    const { look } = watch
    if (steps !== undefined) yield await alongSteps(configuration, { wish, threads, seed }, steps)
    if (long) yield* alongSequences({ wish, threads, seed })
    if (steps === undefined && !long)
      yield* train({ configuration, wish, threads, against, repeats, seed, profile, look, round: small ? 50 : 1000 })
  }
  const shape = shapeIn(options)
  const here = async function* (): AsyncGenerator<BenchRow> {
    const { backend, mode: found } = await openBackend(wish, () => {})
    try {
      const common = { backend, mode: found, threads, repeats }
      if (shape !== undefined && suite !== 'losses') {
        const asked = { ...common, shape, seed, small, ...(frozen && { frozen }) }
        yield* suite === 'load' ? load(asked) : generateAt(asked, small ? 4 : 64)
      } else if (suite === 'generate') yield* generate({ ...common, seed, tokens: small ? 4 : 256 })
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
    else
      yield* between(suite === 'train' ? training() : suite === 'align' ? aligning(options, wish, threads, watch.look) : here(), watch.look)
  } finally {
    await watch.close()
  }
}

/** The shape of a real checkpoint that is asked for, if one is. */
const shapeIn = ({ suite, config }: BenchOptions): ShapeName | undefined =>
  config !== undefined && isShape(config) ? config : suite === 'align' || suite === 'load' ? 'smollm2-135m' : undefined

const aligning = (options: BenchOptions, wish: Wish, threads: number, look: Watch['look']): AsyncGenerator<BenchRow> => {
  const { full = false, gradientCheckpointing: recompute = false, frozen, against = [], repeats = 5, seed = 1, small = false } = options
  const how = { recompute, small, ...(full ? {} : { rank: 8 }), ...(frozen && { frozen }) }
  const shape = shapeIn(options) ?? 'smollm2-135m'
  return align({ ...how, shape, wish, threads, pytorch: against.includes('pytorch'), repeats, seed, look })
}
