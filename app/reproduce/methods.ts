/**
 * The methods that are compared, and the learning rate of each: the best of the same few for every method, on a seed that no table uses.
 * Whatever else could be tuned is fixed: β = 0.1; PPO-Clip's ε = 0.5; SLiC's δ = λ = 1.
 */
import { type ExperimentRow, type ExperimentSetting, figures, row, type Scheduler } from './experiment.ts'
import type { Method } from './pipeline.ts'

export interface MethodCandidate extends Omit<Method, 'rate'> {
  readonly name: string
}

export const methods = {
  kto: { name: 'KTO', loss: 'kto' },
  dpo: { name: 'DPO', loss: 'dpo' },
  ppo: { name: 'PPO-Clip (offline)', loss: 'ppo-clip', settings: { low: 0.5, high: 0.5 } },
  slic: { name: 'SLiC', loss: 'slic', settings: { delta: 1, lambda: 1 } },
  csft: { name: 'CSFT', loss: 'csft', epochs: 3 },
  unlikelihood: { name: 'Unlikelihood', loss: 'unlikelihood' },
} as const satisfies Readonly<Record<string, MethodCandidate>>

export interface Swept {
  readonly method: Method
  /** One row a rate. */
  readonly rows: readonly ExperimentRow[]
}

/** The method at the rate that wins most, on the sweep's seeds. */
export const sweep = async (scheduler: Scheduler, setting: ExperimentSetting, { name, ...candidate }: MethodCandidate): Promise<Swept> => {
  const tried = await Promise.all(
    scheduler.sweep.rates.map(async (rate) => {
      const method: Method = { ...candidate, rate }
      return { method, row: await row(scheduler, name, `rate ${rate}`, setting, method, scheduler.sweep.seeds) }
    }),
  )
  const score = ({ row }: (typeof tried)[number]): number => figures(row).reduce((a, b) => a + b, 0)
  return { method: tried.reduce((best, each) => (score(each) > score(best) ? each : best)).method, rows: tried.map(({ row }) => row) }
}

/** Of tables that show sweeps. */
export const sweepTitle = 'Learning rates: the best of each method is taken, on a seed that no other table uses'
