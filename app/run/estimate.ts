/** What a run needs before it is begun: the run itself, for a step, on a backend that counts and computes nothing. */
import { leaves, mapTree, type Tree, tensor, volume } from '../../core/index.ts'
import { begin, train } from '../../models/index.ts'
import type { Checkpoint } from '../inputs/checkpoint.ts'
import type { TrainingCommandOptions } from '../inputs/training-options.ts'
import { counting } from './counting.ts'
import type { RunData } from './data.ts'
import { optimizationOf } from './optimization.ts'
import type { Task } from './task.ts'
import { loraIn, type RunTrainable, trainableOf } from './trainable.ts'

export interface Estimate {
  readonly parameters: number
  readonly trained: number
  /** Bytes: of weights that are not trained; of parameters, their running means, and the reference model; of one program's intermediate results. */
  readonly frozen: number
  readonly state: number
  readonly activations: number
  /** Bytes of all arrays together, at most. */
  readonly peak: number
  /** Multiplications and additions of a step, the reference model's included. */
  readonly flops: number
  readonly tokens: number
}

/** Of the first step of a task. No weight is read. */
export const estimate = async (task: Task, checkpoint: Checkpoint, data: RunData): Promise<Estimate> => {
  const { loss, options } = task
  const { backend, count } = counting()
  const empty = { ...checkpoint, parameters: mapTree(checkpoint.parameters, ({ shape }) => zeros(volume(shape), shape)) }
  const choice = {
    checkpoint: empty,
    loss,
    backend,
    seed: options.seed,
    ...loraIn(options, checkpoint),
    ...(options.frozen && { frozen: options.frozen }),
  }
  const weightsOf = (tree: unknown): number => leaves(tree).reduce((n, { shape }) => n + volume(shape), 0)
  return trainableOf(choice, async <P extends Tree<P>>({ model, parameters }: RunTrainable<P>) => {
    const onDevice = leaves(parameters).filter(({ op }) => op.tag === 'device')
    const frozen = count().alive - 4 * weightsOf(onDevice)
    const { optimizer } = optimizationOf(options, parameters, 100, task.rate)
    let tokens = 0
    const { batch, accumulate, seed, dropout, gradientCheckpointing: recompute = false, inOrder = false } = options
    await train(begin(optimizer, parameters), {
      ...{ backend, model, loss, optimizer, examples: data.training, steps: 1, batch, accumulate, seed, dropout, recompute },
      shuffled: !inOrder,
      reference: parameters, // said, so that nobody compares the first loss, which is computed from zeros
      onStep: (report) => {
        tokens = report.tokens
      },
    })
    const { peak, scratch, alive, flops } = count()
    const all = { parameters: weightsOf(checkpoint.parameters), trained: weightsOf(parameters) }
    return { ...all, frozen, state: alive - frozen, activations: scratch, peak, flops, tokens }
  })
}

const zeros = (length: number, shape: Readonly<Record<string, number>>) => tensor(shape, { length, load: () => new Float32Array(length) })

/** Options that would make a run smaller, each alone and then together, as far as they are not chosen. */
export const smaller = (options: TrainingCommandOptions): readonly (readonly [name: string, change: Partial<TrainingCommandOptions>])[] => {
  const changes: (readonly [string, Partial<TrainingCommandOptions>])[] = []
  if (options.lora === undefined) changes.push(['--lora 8', { lora: 8 }])
  if (options.frozen === undefined) changes.push(['--frozen int8', { frozen: 'int8' }])
  if (options.gradientCheckpointing !== true) changes.push(['--gradient-checkpointing', { gradientCheckpointing: true }])
  if (options.accumulate * 2 <= options.batch)
    changes.push([`--accumulate ${options.accumulate * 2}`, { accumulate: options.accumulate * 2 }])
  // Frozen weights are those beside adapters.
  const possible = changes.filter(([, { frozen }]) => frozen === undefined || options.lora !== undefined)
  const together = Object.assign({}, ...changes.map(([, change]) => change))
  return changes.length > 1 ? [...possible, [changes.map(([name]) => name).join(' '), together]] : possible
}
