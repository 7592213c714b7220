/** A step of training as every contestant has it, compiled; the state stays on the device. */
import {
  type Backend,
  compileStep,
  dispose,
  evaluate,
  mean,
  mul,
  type Report,
  read,
  size,
  type Tensor,
  tensor,
  valueAndGrad,
  volume,
} from '../../core/index.ts'
import { constantRate, type Parameters, plainAdamW, type TrainingState, transformer } from '../../models/index.ts'
import { hyper } from './configurations.ts'
import type { BenchBatch, Problem } from './problem.ts'

export interface BenchTraining {
  readonly report: Report
  /** One step on the next batch: its loss. */
  readonly step: () => Promise<number>
}

export const trainingOn = async (backend: Backend, { configuration, parameters, batches }: Problem): Promise<BenchTraining> => {
  const model = transformer(configuration.model)
  const optimizer = plainAdamW({ ...hyper, rate: constantRate(hyper.rate) }) // as the others have it
  /** Mean cross-entropy of the next token. */
  const loss = (p: Parameters, { tokens, targets }: BenchBatch): Tensor => {
    const mask = tensor(tokens.shape, new Float32Array(volume(tokens.shape)).fill(1))
    return mul(mean(model.logProbabilities(p, { tokens, targets, mask }), 'batch'), -1 / size(tokens, 'seq'))
  }
  const step = compileStep(backend, (state: TrainingState<Parameters>, batch: BenchBatch) => {
    const [value, gradient] = valueAndGrad(loss)(state.parameters, batch)
    const [next] = optimizer.update(state, gradient)
    return [next, value] as const
  })
  let state = await evaluate(backend, optimizer.begin(parameters))
  let position = 0
  return {
    report: await step.report(state, batches[0]!),
    step: async () => {
      const [next, value] = await step(state, batches[position++ % batches.length]!)
      state = next
      const [number] = await read(backend, value)
      dispose(backend, value)
      return number ?? Number.NaN
    },
  }
}
