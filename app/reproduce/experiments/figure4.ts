/** Figure 4: KTO does at least as well as DPO, at every size, after SFT and without it. */
import { afterSft, type Experiment, type ExperimentRow, type ExperimentTable, figures, row, withoutSft } from '../experiment.ts'
import { methods, sweep, sweepTitle } from '../methods.ts'
import type { ExperimentSize } from '../recipe.ts'
import { asGood, finding, type StatisticalFinding } from '../statistics.ts'

const sizes: readonly ExperimentSize[] = ['60k', '100k', '230k']

export const experiment: Experiment = {
  key: 'figure4',
  title: 'Figure 4: KTO and DPO at several sizes, after SFT and without it',
  claim: 'KTO matches or exceeds DPO at every size; without SFT, only KTO is as good as it is after SFT.',
  run: async (scheduler) => {
    const rows: ExperimentRow[] = []
    const tried: ExperimentRow[] = []
    const findings: StatisticalFinding[] = []
    for (const size of sizes) {
      const [after, without] = [afterSft(scheduler, size), withoutSft(scheduler, size)]
      const [kto, dpo] = await Promise.all([sweep(scheduler, after, methods.kto), sweep(scheduler, after, methods.dpo)])
      tried.push(...[...kto.rows, ...dpo.rows].map((each) => ({ ...each, group: `${each.group}, ${size}` })))
      const [sft, sftKto, sftDpo, ktoAlone, dpoAlone] = await Promise.all([
        row(scheduler, size, 'SFT', after),
        row(scheduler, size, 'SFT + KTO', after, kto.method),
        row(scheduler, size, 'SFT + DPO', after, dpo.method),
        row(scheduler, size, 'KTO', without, kto.method),
        row(scheduler, size, 'DPO', without, dpo.method),
      ])
      rows.push(sft, sftKto, sftDpo, ktoAlone, dpoAlone)
      findings.push(
        finding(`${size}: SFT + KTO is as good as SFT + DPO, or better`, figures(sftKto), figures(sftDpo), asGood),
        finding(`${size}: KTO alone is better than DPO alone`, figures(ktoAlone), figures(dpoAlone)),
        finding(`${size}: KTO alone is as good as SFT + KTO, or better`, figures(ktoAlone), figures(sftKto), asGood),
      )
    }
    const tables: readonly ExperimentTable[] = [
      { title: 'At the best learning rate of each method', columns: ['win', 'length', 'ended', 'exact', 'kl'], rows },
      { title: sweepTitle, columns: ['win'], rows: tried },
    ]
    return {
      tables,
      findings,
      notes: [
        'Learning rates are chosen after SFT, for each size and method, and used without SFT as well.',
        'They are chosen on one seed: a rate that wins there, if it is high, may collapse on another, which is what widens an interval.',
        'Web text has nothing that ends an answer, which is hard on DPO alone: figure 5 has a milder base.',
        'The models of 60k are pre-trained for 2000 steps, the others for 800: with fewer some of them do not find the task.',
      ],
    }
  },
}
