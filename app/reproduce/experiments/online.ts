/** Online against offline: at equal numbers of verdicts, is it better to ask about the answers of the model as it is by then? And does Humanline make up for it? */
import { afterSft, type Experiment, figures, row } from '../experiment.ts'
import { sweep, sweepTitle } from '../methods.ts'
import { asGood, finding } from '../statistics.ts'

const candidates = {
  offline: { name: 'KTO, offline', loss: 'kto', rounds: 1 },
  online: { name: 'KTO, online (8 rounds)', loss: 'kto', rounds: 8 },
  synced: { name: 'KTO, offline, reference synced', loss: 'kto', rounds: 1, sync: 1 },
  humanline: { name: 'Humanline KTO, offline', loss: 'humanline-kto', rounds: 1, sync: 1 },
} as const

export const experiment: Experiment = {
  key: 'online',
  title: 'Online against offline, and Humanline',
  claim:
    'Liu et al. (2025, arXiv:2509.24207): alignment on the model’s own fresh answers does better than on answers collected before; Humanline KTO, which clamps what a person would not perceive and syncs the reference model, makes up for the difference offline.',
  seeds: 3,
  run: async (scheduler) => {
    const start = afterSft(scheduler)
    const swept = await Promise.all(Object.values(candidates).map((candidate) => sweep(scheduler, start, candidate)))
    const names = Object.values(candidates).map(({ name }) => name)
    const [sft, ...aligned] = await Promise.all([
      row(scheduler, 'after SFT', 'SFT', start),
      ...swept.map(({ method }, i) => row(scheduler, 'after SFT', names[i]!, start, method)),
    ])
    const [offline, online, synced, humanline] = aligned.map((each) => figures(each)) as [number[], number[], number[], number[]] // four candidates
    return {
      tables: [
        { title: 'At equal numbers of verdicts', columns: ['win', 'reward', 'length', 'exact', 'kl'], rows: [sft, ...aligned] },
        { title: sweepTitle, columns: ['win'], rows: swept.flatMap(({ rows }) => rows) },
      ],
      findings: [
        finding('Offline KTO wins more than SFT', offline, figures(sft)),
        finding('Online KTO wins more than offline KTO', online, offline),
        finding('Humanline KTO, offline, wins more than KTO, offline', humanline, offline),
        finding('Humanline KTO, offline, is as good as KTO, online', humanline, online, asGood),
        finding('Humanline KTO wins more than KTO whose reference is synced alike', humanline, synced),
      ],
      notes: [
        `Every method has the same number of verdicts (${scheduler.pairs}), one an answer; each a thumb of somebody who compares it with what a person would say (Bradley & Terry). Offline, all answers are of the model after SFT; online, each of eight parts is of the model by then.`,
        `Learning rates: ${swept.map(({ method }, i) => `${names[i]} ${method.rate}`).join(', ')}, each the best of the same three.`,
        'The reference model is the model after SFT; where it is synced, it becomes the policy after every step, one step late.',
      ],
    }
  },
}
