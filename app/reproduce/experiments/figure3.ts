/** Figure 3: human-aware losses do better than the others, and than SFT. */
import { afterSft, type Experiment, type ExperimentRow, figures, row } from '../experiment.ts'
import { type MethodCandidate, methods, type Swept, sweep, sweepTitle } from '../methods.ts'
import type { Method } from '../pipeline.ts'
import { asGood, finding } from '../statistics.ts'

const halos: readonly MethodCandidate[] = [methods.kto, methods.dpo, methods.ppo]
const others: readonly MethodCandidate[] = [methods.slic, methods.csft, methods.unlikelihood]

export const experiment: Experiment = {
  key: 'figure3',
  title: 'Figure 3: HALOs, other losses, and SFT',
  claim: 'Aligned with a HALO (KTO, DPO, offline PPO), a model does better than after SFT; SLiC and CSFT do not.',
  seeds: 5,
  run: async (scheduler) => {
    const start = afterSft(scheduler)
    const swept = await Promise.all([...halos, ...others].map((method) => sweep(scheduler, start, method)))
    const rowsOf = (group: string, which: readonly MethodCandidate[], rates: readonly Swept[]) =>
      Promise.all(which.map(({ name }, i) => row(scheduler, group, name, start, converged(rates[i]!.method))))
    const csft = swept[halos.length + others.indexOf(methods.csft)]!.method
    const longer = (epochs: number) =>
      row(scheduler, 'CSFT', `rate ${csft.rate}, ${epochs} epochs`, start, { ...csft, epochs }, scheduler.sweep.seeds)
    const [sft, aligned, rest, long] = await Promise.all([
      row(scheduler, 'SFT', 'SFT', start),
      rowsOf('HALOs', halos, swept),
      rowsOf('others', others, swept.slice(halos.length)),
      Promise.all([longer(6), longer(12)]),
    ])
    return {
      tables: [
        { title: 'After SFT', columns: ['win', 'length', 'ended', 'exact', 'kl'], rows: [sft, ...aligned, ...rest] },
        { title: sweepTitle, columns: ['win'], rows: [...swept.flatMap(({ rows }) => rows), ...long] },
      ],
      findings: [
        ...aligned.map((one) => finding(`${one.name} wins more than SFT`, figures(one), figures(sft))),
        ...rest.map((one) => finding(`${one.name} wins no more than SFT`, figures(sft), figures(one), asGood)),
        finding('HALOs (mean of three) win more than the others (mean of three)', meanOf(aligned), meanOf(rest)),
      ],
      notes: [
        'CSFT is trained for 6 epochs, and for 3 to choose its learning rate; the others for one. What 12 bring is in the table of learning rates.',
      ],
    }
  },
}

/** CSFT learns for as long as it gets better. */
const converged = (method: Method): Method => (method.loss === 'csft' ? { ...method, epochs: 6 } : method)

const meanOf = (rows: readonly ExperimentRow[]): readonly number[] =>
  figures(rows[0]!).map((_, seed) => rows.reduce((sum, each) => sum + figures(each)[seed]!, 0) / rows.length)
