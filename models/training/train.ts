/**
 * The training loop: `step : (state, batch) → (state, metrics)`, compiled once per shape, from examples until the steps are done.
 * One path for every loss, from SFT to KTO. The same options, seed and state give the same run; a state can be saved and gone on from.
 */
import { add, type Backend, compile, dispose, evaluate, mul, read, type Tree, zipTree } from '../../core/index.ts'
import type { AnyLoss } from '../../halos/index.ts'
import { nameOf, type TrainingExample } from '../data/example.ts'
import type { Parameters } from '../nets/layout.ts'
import type { Trainable } from '../nets/trainable.ts'
import { type DataLoader, type DataLoaderOptions, dataLoader, type MicroBatch } from './data-loader.ts'
import { startingPoint } from './objective.ts'
import type { Optimizer } from './optimizer.ts'
import { checkParts } from './parts.ts'
import { programs } from './programs.ts'
import type { StepState } from './step.ts'
import { TrainingError } from './training-error.ts'

/** What a run needs: `batch`, `accumulate`, `seed`, … are those of `DataLoaderOptions`. */
export interface TrainingOptions<P = Parameters> extends DataLoaderOptions {
  readonly backend: Backend
  readonly model: Trainable<P>
  readonly loss: AnyLoss
  readonly optimizer: Optimizer
  readonly examples: readonly TrainingExample[]
  /** Steps of the whole run, those already behind `state.step` included. */
  readonly steps: number
  /** Gradient checkpointing: the layers are computed again in the backward pass, not kept. Less memory, more time, the same step. Default false. */
  readonly recompute?: boolean
  /** π_ref. Default: the parameters that training starts from. */
  readonly reference?: P
  /** Lets π_ref follow the policy. Default: it never changes. */
  readonly sync?: ReferenceSync
  /** Called after each step, and waited for. The state is valid until the next step. */
  readonly onStep?: (report: StepReport, state: StepState<P>) => void | Promise<void>
  /** Ends the run cleanly after the current step. */
  readonly signal?: { readonly aborted: boolean }
}

/**
 * How the reference model follows the policy: π_ref ← (1 − mix) π_ref + mix π_θ, with every `every` steps, where π_θ is the policy before the update of
 * that step: a ratio π_θ / π_ref is never 1 throughout. TR-DPO (Gorbatovski et al. 2024, arXiv:2404.09656); the lag is that of Humanline (Liu et al. 2025,
 * arXiv:2509.24207).
 */
export interface ReferenceSync {
  /** Steps from one synchronization to the next: an integer from 1 on. */
  readonly every: number
  /** From 0 (π_ref does not change) to 1 (it becomes the policy). Default 1. */
  readonly mix?: number
}

/** What `onStep` is told of a step. */
export interface StepReport {
  /** From 1. */
  readonly step: number
  readonly steps: number
  /** How often the data have been seen, e.g. 1.25. */
  readonly epoch: number
  /** Tokens of the examples of this step, as TRL counts them: without padding, and without unrelated completions; and the seconds that it took. */
  readonly tokens: number
  readonly seconds: number
  /**
   * Under TRL's names: loss, grad_norm, learning_rate, kl, entropy, rewards/…, logps/…, logits/…; and z0, z0/clamped, saturated. Those without cases are
   * absent. Rewards are r as the loss declares it: TRL has β log π/π_ref for all, which is r for most (not for IPO, SPPO and other divergences).
   */
  readonly metrics: Readonly<Record<string, number>>
}

/**
 * Train until `steps`, from a state that `begin` made or a snapshot restored, and resolve to the last state. π_ref is `reference`; by
 * default, the
 * parameters that training starts from.
 * @throws TrainingError where the loss cannot be trained on these examples, or becomes NaN; BatchError for examples that make no batch;
 * EvidenceError for evidence that the loss lacks
 * @example
 * ```ts
 * import { wasm } from 'halograd/backends/wasm'
 * import { getOrThrow, kto } from 'halograd/halos'
 * import { adamW, begin, constantRate, initialize, type ModelConfig, train, transformer } from 'halograd/models'
 * const config: ModelConfig = {
 *   ...{ family: 'llama', vocab: 24, context: 16, embed: 16, layers: 1, heads: 2, keyValueHeads: 1, headSize: 8, hidden: 24 },
 *   ...{ activation: 'silu', normEpsilon: 1e-5, ropeTheta: 10000, rotation: 'half', tied: true },
 * }
 * const optimizer = adamW({ rate: constantRate(1e-3) })
 * const examples = [0, 1, 2, 3].map((i) => ({ outcome: { prompt: [i], completion: [i + 1, i + 2] }, label: i % 2 === 0 }))
 * const backend = await wasm({ threads: 1 })
 * const state = await train(begin(optimizer, initialize(config, 1)), {
 *   ...{ backend, model: transformer(config), loss: getOrThrow(kto()), optimizer, examples, batch: 4, steps: 2 },
 * })
 * await backend.close?.()
 * ```
 */
export const train = async <P extends Tree<P>>(start: StepState<P>, options: TrainingOptions<P>): Promise<StepState<P>> => {
  const { backend, model, loss, optimizer, examples, steps, signal, onStep } = options
  checkParts(loss, options.accumulate ?? 1)
  const first = options.reference ?? start.parameters
  const batches = dataLoader(backend, model, loss, first, examples, options)
  const advance = programs(backend, model, loss, optimizer, (i) => nameOf(examples[i]!, i), options.recompute)
  const { reference: synced, ...begun } = await evaluate(backend, start)
  let [state, reference]: [StepState<P>, P | undefined] = [begun, synced]
  const whole = (): StepState<P> => (reference === undefined ? state : { ...state, reference })
  const follow = following(backend, batches, options.sync, first, synced)
  const behind = Number((await read(backend, start.step))[0])
  for (let step = behind; step < steps && signal?.aborted !== true; step++) {
    const began = performance.now()
    const parts = await batches.at(step)
    const lagging = await follow.before(step, state.parameters)
    const [next, metrics] = await advance(state, parts, step)
    ;[state, reference] = [next, follow.after(lagging)]
    if (step === 0 && options.reference === undefined && !options.dropout) await checkStart(backend, loss, parts, metrics)
    await onStep?.(report(step, steps, batches, parts, metrics, performance.now() - began), whole())
  }
  return whole()
}

/** The reference model where it follows the policy: made before the update of a step, and in use after it. */
const following = <P extends Tree<P>>(
  backend: Backend,
  { refer }: DataLoader<P>,
  sync: ReferenceSync | undefined,
  first: P,
  restored: P | undefined,
) => {
  if (restored !== undefined) refer(restored)
  const mix = sync?.mix ?? 1
  const mixed = compile(backend, (reference: P, policy: P) =>
    zipTree(reference, [policy], (a, b) => (mix === 1 ? mul(b!, 1) : add(mul(a!, 1 - mix), mul(b!, mix)))),
  )
  let own = restored
  return {
    before: async (step: number, policy: P): Promise<P | undefined> =>
      sync !== undefined && (step + 1) % sync.every === 0 ? mixed(own ?? first, policy) : undefined,
    after: (made: P | undefined): P | undefined => {
      if (made === undefined) return own
      if (own !== undefined) dispose(backend, own)
      own = made
      refer(made)
      return made
    },
  }
}

/** While the policy is the reference model, every log-ratio is 0: rewards vanish, and the loss is known (DPO log 2, KTO λ/2 on average). */
const checkStart = async (
  backend: Backend,
  loss: AnyLoss,
  parts: readonly MicroBatch[],
  metrics: Readonly<Record<string, number>>,
): Promise<void> => {
  if (!loss.needs.reference || loss.needs.value) return
  const expected = (
    await read(
      backend,
      startingPoint(
        loss,
        parts.map(({ batch }) => batch),
      ),
    )
  )[0]!
  const found = metrics.loss ?? Number.NaN
  if (Math.abs(found - expected) <= startTolerance * Math.max(1, Math.abs(expected))) return
  throw new TrainingError(
    `step 1: the policy is still the reference model, so the loss of ${loss.name} must be ${expected.toFixed(6)}, but it is ${found.toFixed(6)}. ` +
      `The programs that score the reference model and that train the policy disagree: compare ${backend.name} with another backend.`,
    1,
  )
}
/** Of float32 log-probabilities of long completions, in two programs that round differently. */
const startTolerance = 1e-3

const report = (
  step: number,
  steps: number,
  { stepsPerEpoch }: Pick<DataLoader<unknown>, 'stepsPerEpoch'>,
  parts: readonly MicroBatch[],
  metrics: Readonly<Record<string, number>>,
  milliseconds: number,
): StepReport => ({
  step: step + 1,
  steps,
  epoch: (step + 1) / stepsPerEpoch,
  tokens: parts.reduce((n, { tokens }) => n + tokens, 0),
  seconds: milliseconds / 1000,
  metrics,
})
