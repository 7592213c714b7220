/** Table 1: KTO learns from one answer a prompt, where DPO needs two. */
import { afterSft, type Experiment, figures, row, withoutSft } from '../experiment.ts'
import { methods, sweep, sweepTitle } from '../methods.ts'
import { asGood, finding } from '../statistics.ts'

const single = { name: 'KTO, one y a prompt', loss: 'kto', feedback: { single: true } } as const

export const experiment: Experiment = {
  key: 'table1',
  title: 'Table 1: one answer a prompt',
  claim: 'Given one answer of each pair, and so half of the data, KTO still does better than DPO.',
  run: async (lab) => {
    const start = afterSft(lab)
    const [kto, dpo, one] = [await sweep(lab, start, methods.kto), await sweep(lab, start, methods.dpo), await sweep(lab, start, single)]
    const sft = await row(lab, 'after SFT', 'SFT', start)
    const allDpo = await row(lab, 'after SFT', 'DPO', start, dpo.method)
    const allKto = await row(lab, 'after SFT', 'KTO', start, kto.method)
    const half = await row(lab, 'after SFT', 'KTO, one y a prompt', start, one.method)
    const alone = await row(lab, 'without SFT', 'KTO, one y a prompt', withoutSft(lab), one.method)
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
