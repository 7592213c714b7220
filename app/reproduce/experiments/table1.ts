/** Table 1: KTO learns from one answer a prompt, where DPO needs two. */
import { afterSft, type Experiment, figures, row, withoutSft } from '../experiment.ts'
import { methods, sweep, sweepTitle } from '../methods.ts'
import { asGood, finding } from '../statistics.ts'

const single = { name: 'KTO, one y a prompt', loss: 'kto', feedback: { single: true } } as const

export const experiment: Experiment = {
  key: 'table1',
  title: 'Table 1: one answer a prompt',
  claim: 'Given one answer of each pair, and so half of the data, KTO still does better than DPO.',
  seeds: 5,
  run: async (scheduler) => {
    const start = afterSft(scheduler)
    const [kto, dpo, one] = await Promise.all([
      sweep(scheduler, start, methods.kto),
      sweep(scheduler, start, methods.dpo),
      sweep(scheduler, start, single),
    ])
    const [after, without] = ['after SFT', 'without SFT']
    const [sft, allDpo, allKto, half, alone] = await Promise.all([
      row(scheduler, after, 'SFT', start),
      row(scheduler, after, 'DPO', start, dpo.method),
      row(scheduler, after, 'KTO', start, kto.method),
      row(scheduler, after, 'KTO, one y a prompt', start, one.method),
      row(scheduler, without, 'KTO, one y a prompt', withoutSft(scheduler), one.method),
    ])
    return {
      tables: [
        { title: 'Answers', columns: ['win', 'length', 'ended', 'exact', 'kl'], rows: [sft, allDpo, allKto, half, alone] },
        { title: sweepTitle, columns: ['win'], rows: one.rows },
      ],
      findings: [
        finding('KTO with one answer a prompt wins more than SFT', figures(half), figures(sft)),
        finding('KTO with one answer a prompt is as good as DPO, or better', figures(half), figures(allDpo), asGood),
        finding('KTO with one answer a prompt is as good as with two', figures(half), figures(allKto), asGood),
      ],
      notes: [
        `Learning rates: KTO ${kto.method.rate}, DPO ${dpo.method.rate}, KTO with one answer ${one.method.rate}, each the best of the same three.`,
      ],
    }
  },
}
