/** Figure 6: KTO does without most of the desirable answers, if λ_D makes up for them. */
import { afterSft, type Experiment, figures, row } from '../experiment.ts'
import { methods, sweep, sweepTitle } from '../methods.ts'
import { asGood, finding } from '../statistics.ts'

/** Of the ratio λ_D n_D : λ_U n_U, which should lie between 1 and 4/3. */
const ratio = 4 / 3
const keeping = (desirable: number, weight: number) =>
  ({ name: `KTO, ${100 * desirable} % of desirable`, loss: 'kto', settings: { desirable: weight }, feedback: { desirable } }) as const

export const experiment: Experiment = {
  key: 'figure6',
  title: 'Figure 6: fewer and fewer desirable answers',
  claim: 'With up to 90 % of the desirable data discarded, and λ_D raised accordingly, KTO still does better than DPO on all data.',
  seeds: 5,
  run: async (scheduler) => {
    const start = afterSft(scheduler)
    const tenth = keeping(0.1, 10 * ratio)
    const [kto, dpo, few] = await Promise.all([
      sweep(scheduler, start, methods.kto),
      sweep(scheduler, start, methods.dpo),
      sweep(scheduler, start, tenth),
    ])
    const fast = kto.method.rate
    const [all, fewer] = ['all data', 'KTO, fewer desirable']
    const [sft, allDpo, allKto, half, some, none, faster] = await Promise.all([
      row(scheduler, all, 'SFT', start),
      row(scheduler, all, 'DPO', start, dpo.method),
      row(scheduler, all, 'KTO', start, kto.method),
      row(scheduler, fewer, '50 %, λ_D = 2.67', start, { ...kto.method, ...given(keeping(0.5, 2 * ratio)) }),
      row(scheduler, fewer, '10 %, λ_D = 13.3', start, few.method),
      row(scheduler, fewer, '10 %, λ_D = 1', start, { ...few.method, settings: { desirable: 1 } }),
      row(scheduler, fewer, `10 %, λ_D = 13.3, rate ${fast}`, start, { ...few.method, rate: fast }),
    ])
    return {
      tables: [
        { title: 'After SFT', columns: ['win', 'length', 'empty', 'exact', 'kl'], rows: [sft, allDpo, allKto, half, some, none, faster] },
        { title: sweepTitle, columns: ['win'], rows: few.rows },
      ],
      findings: [
        finding('With 10 % of the desirable answers, KTO wins more than SFT', figures(some), figures(sft)),
        finding('With 50 %, KTO is as good as DPO on all data, or better', figures(half), figures(allDpo), asGood),
        finding('With 10 %, KTO is as good as DPO on all data, or better', figures(some), figures(allDpo), asGood),
        finding('With 10 %, KTO is as good as KTO on all data', figures(some), figures(allKto), asGood),
        finding('With 10 %, raising λ_D is better than not raising it', figures(some), figures(none)),
      ],
      notes: [
        `Learning rates: KTO ${kto.method.rate}, DPO ${dpo.method.rate}, KTO with 10 % ${few.method.rate}, each the best of the same three.`,
        'Empty answers are how it collapses: to end at once is undesirable nowhere in the data, and unlikely to be punished.',
      ],
    }
  },
}

const given = ({ settings, feedback }: ReturnType<typeof keeping>) => ({ settings, feedback })
