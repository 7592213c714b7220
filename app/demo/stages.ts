/** Training, as the demo shows it: how far it is, how well it goes; and it stops when asked to. */
import type { Backend } from '../../core/index.ts'
import type { AnyLoss } from '../../halos/index.ts'
import {
  adamW,
  begin,
  type DataLoaderOptions,
  type Parameters,
  type Schedule,
  type TrainingExample,
  type Transformer,
  train,
} from '../../models/index.ts'
import { checkStop } from '../inference/continuations.ts'
import { count, progress } from '../terminal/progress.ts'
import { breathe, type Terminal } from '../terminal/terminal.ts'

/** Where the demo runs, and who watches. */
export interface Stage {
  readonly terminal: Terminal
  readonly backend: Backend
  readonly model: Transformer
}

export interface DemoStages extends DataLoaderOptions {
  readonly steps: number
  readonly rate: Schedule
  readonly weightDecay?: number
}

/** Trains, and returns the parameters (on the backend) and how fast it went. */
export const learn = async (
  stage: Stage,
  title: string,
  loss: AnyLoss,
  parameters: Parameters,
  examples: readonly TrainingExample[],
  { rate, weightDecay = 0, ...trainingLoop }: DemoStages,
) => {
  const { terminal, backend, model } = stage
  const optimizer = adamW({ rate, beta2: 0.99, weightDecay })
  const bar = progress(terminal, title, trainingLoop.steps)
  let [tokens, seconds, last] = [0, 0, Number.NaN]
  const state = await train(begin(optimizer, parameters), {
    ...{ backend, model, loss, optimizer, examples, signal: terminal.stop, ...trainingLoop },
    onStep: async (report) => {
      tokens += report.tokens
      seconds += report.seconds
      last = report.metrics.loss ?? Number.NaN
      bar.at(report.step, `loss ${last.toFixed(3)} · ${count(tokens / seconds)} tokens/s`)
      await breathe()
    },
  }).finally(bar.end)
  checkStop(terminal)
  return { parameters: state.parameters, tokens, seconds, loss: last }
}
