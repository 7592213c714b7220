/** Whole programs that every backend must run as the reference does: training steps whose state is donated. */
import {
  add,
  type Backend,
  compileStep,
  dispose,
  dot,
  evaluate,
  leaves,
  logSoftmax,
  mean,
  negate,
  read,
  relu,
  type Tensor,
  type Tree,
  take,
  valueAndGrad,
} from '../../core/index.ts'
import {
  adamW,
  constantRate,
  initialize,
  type ModelConfig,
  type Optimizer,
  type Sequences,
  type TrainingState,
  transformer,
} from '../../models/index.ts'
import type { Dice } from './cases.ts'

/** The losses of `steps` steps, the parameters after them, and how many arrays a step leaves alive. */
export interface Trained {
  readonly losses: readonly number[]
  readonly parameters: readonly ArrayLike<number>[]
  /** Arrays alive after the second step, and after the last. */
  readonly live: readonly [number, number]
}
type Training = (backend: Backend, steps: number) => Promise<Trained>

const training =
  <P extends Tree<P>>(optimizer: Optimizer, parameters: P, loss: (p: P) => Tensor): Training =>
  async (backend, steps) => {
    const step = compileStep(backend, (state: TrainingState<P>): readonly [TrainingState<P>, Tensor] => {
      const [value, gradient] = valueAndGrad(loss)(state.parameters)
      return [optimizer.update(state, gradient)[0], value]
    })
    let state = await evaluate(backend, optimizer.begin(parameters))
    const losses: number[] = []
    const live: number[] = []
    for (let i = 0; i < steps; i++) {
      const [next, value] = await step(state)
      state = next
      losses.push((await read(backend, value))[0]!)
      dispose(backend, value)
      live.push(backend.live())
    }
    const trained = await Promise.all(leaves(state.parameters).map((x) => read(backend, x as Tensor<string>)))
    dispose(backend, state)
    return { losses, parameters: trained, live: [live[1]!, live.at(-1)!] }
  }

/** Two layers of a perceptron that classify, and AdamW. */
const perceptron = (d: Dice): Training => {
  const optimizer = adamW({ rate: constantRate(0.05), weightDecay: 0.1 })
  const [x, labels] = [d.reals({ batch: 16, seq: 6 }), d.whole({ batch: 16 }, 0, 5)]
  type Network = { readonly hidden: Tensor<'seq' | 'unit'>; readonly bias: Tensor<'unit'>; readonly out: Tensor<'unit' | 'class'> }
  const network: Network = { hidden: d.reals({ seq: 6, unit: 12 }), bias: d.reals({ unit: 12 }), out: d.reals({ unit: 12, class: 5 }) }
  const loss = ({ hidden, bias, out }: Network): Tensor => {
    const scores = dot(relu(add(dot(x, hidden, 'seq'), bias)), out, 'unit')
    return negate(mean(take(logSoftmax(scores, 'class'), 'class', labels), 'batch'))
  }
  return training(optimizer, network, loss)
}

const config: ModelConfig = {
  family: 'llama',
  vocab: 17,
  context: 12,
  embed: 16,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  headSize: 4,
  hidden: 20,
  activation: 'silu',
  normEpsilon: 1e-5,
  ropeTheta: 10000,
  rotation: 'half',
  tied: true,
}
/** A small Llama that learns to say what it read: embeddings, rotations, grouped attention, SwiGLU, their gradients, AdamW with clipping. */
const llama = (d: Dice): Training => {
  const model = transformer(config)
  const optimizer = adamW({ rate: constantRate(0.01), weightDecay: 0.1 })
  const tokens = d.whole({ batch: 3, seq: 12 }, 0, 17)
  const sequences: Sequences = { tokens, targets: d.whole({ batch: 3, seq: 12 }, 0, 17), mask: d.whole({ batch: 3, seq: 12 }, 0, 2) }
  const loss = (p: ReturnType<typeof initialize>): Tensor => negate(mean(model.logProbabilities(p, sequences), 'batch'))
  return training(optimizer, initialize(config, 1, 0.2), loss)
}

export const programs: { readonly [name: string]: (d: Dice) => Training } = { perceptron, llama }
