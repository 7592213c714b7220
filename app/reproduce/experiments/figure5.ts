/** Figure 5: without SFT, a model aligned with DPO rambles; one aligned with KTO does not. */
import { afterSft, type Experiment, type ExperimentRow, figures, row, withoutSft } from '../experiment.ts'
import { methods, sweep } from '../methods.ts'
import { finding } from '../statistics.ts'

/** How often an answer is followed by the token that ends it, in the text of pre-training. */
const bases = [
  { ends: 0, group: 'web text without ends' },
  { ends: 0.2, group: 'one answer in five ends' },
]

export const experiment: Experiment = {
  key: 'figure5',
  title: 'Figure 5: rambling without SFT',
  claim: 'Without SFT, a model aligned with DPO goes on and on; KTO keeps answers as short as they were after SFT.',
  seeds: 5,
  run: async (scheduler) => {
    const after = afterSft(scheduler)
    const [{ method: kto }, { method: dpo }] = await Promise.all([
      sweep(scheduler, after, methods.kto),
      sweep(scheduler, after, methods.dpo),
    ])
    const tuned = await Promise.all([
      row(scheduler, 'after SFT', 'SFT + KTO', after, kto),
      row(scheduler, 'after SFT', 'SFT + DPO', after, dpo),
    ])
    const rows: ExperimentRow[] = []
    const findings = []
    for (const { ends, group } of bases) {
      const start = { ...withoutSft(scheduler), ends }
      const [base, alone, rambling] = await Promise.all([
        row(scheduler, group, 'the base itself', start),
        row(scheduler, group, 'KTO', start, kto),
        row(scheduler, group, 'DPO', start, dpo),
      ])
      rows.push(base, alone, rambling)
      findings.push(
        finding(`${group}: answers after DPO are longer than after KTO`, figures(rambling, 'length'), figures(alone, 'length')),
        finding(`${group}: KTO ends answers more often than DPO`, figures(alone, 'ended'), figures(rambling, 'ended')),
        finding(
          `${group}: KTO alone ends 95 % of its answers`,
          figures(alone, 'ended'),
          figures(alone).map(() => 0),
          0.95,
        ),
      )
    }
    const group = 'when KTO rambles as well'
    const conditions = await Promise.all([
      row(scheduler, group, 'KTO, a quarter of the data', withoutSft(scheduler), { ...kto, data: { pairs: scheduler.pairs / 4 } }),
      row(scheduler, group, 'KTO, β = 0.5', withoutSft(scheduler), { ...kto, settings: { beta: 0.5 } }),
    ])
    return {
      tables: [{ title: 'Answers', columns: ['length', 'ended', 'win', 'exact', 'empty'], rows: [...tuned, ...rows, ...conditions] }],
      findings,
      notes: [
        `Learning rates are those of figure 3: KTO ${kto.rate}, DPO ${dpo.rate}. Answers are cut at 24 tokens; right ones have 4.5 on average.`,
        'It is partly built in: where web text has no ends, nothing in DPO’s loss makes them likelier, as both answers of a pair have one.',
      ],
    }
  },
}
