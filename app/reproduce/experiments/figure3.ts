/** Figure 3: human-aware losses do better than the others, and than SFT. */
import { afterSft, type Experiment, figures, type Row, row } from '../experiment.ts'
import { type Candidate, methods, type Swept, sweep, sweepTitle } from '../methods.ts'
import { asGood, finding } from '../statistics.ts'

const halos = [methods.kto, methods.dpo, methods.ppo]
const others = [methods.slic, methods.csft, methods.unlikelihood]

export const experiment: Experiment = {
  key: 'figure3',
  title: 'Figure 3: HALOs, other losses, and SFT',
  claim: 'Aligned with a HALO (KTO, DPO, offline PPO), a model does better than after SFT; SLiC and CSFT do not.',
  run: async (lab) => {
    const start = afterSft(lab)
    const swept = new Map<Candidate, Swept>()
    for (const method of [...halos, ...others]) swept.set(method, await sweep(lab, start, method))
    const rowOf = (group: string) => async (method: Candidate) => row(lab, group, method.name, start, swept.get(method)!.method)
    const [sft, aligned, rest]: [Row, Row[], Row[]] = [await row(lab, 'SFT', 'SFT', start), [], []]
    for (const method of halos) aligned.push(await rowOf('HALOs')(method))
    for (const method of others) rest.push(await rowOf('others')(method))
    const csft = swept.get(methods.csft)!
    const long = { ...csft.method, epochs: 6 }
    const longer = await row(lab, 'CSFT', `rate ${long.rate}, 6 epochs`, start, long, lab.sweep.seeds)
    return {
      tables: [
        { title: 'After SFT', columns: ['win', 'length', 'ended', 'exact', 'kl'], rows: [sft, ...aligned, ...rest] },
        { title: sweepTitle, columns: ['win'], rows: [...[...swept.values()].flatMap(({ rows }) => rows), longer] },
      ],
      findings: [
        ...aligned.map((one) => finding(`${one.name} wins more than SFT`, figures(one), figures(sft))),
        ...rest.map((one) => finding(`${one.name} wins no more than SFT`, figures(sft), figures(one), asGood)),
        finding('HALOs (mean of three) win more than the others (mean of three)', meanOf(aligned), meanOf(rest)),
      ],
      notes: ['CSFT is trained for 3 epochs, the others for one; twice as many epochs are in the table of learning rates.'],
    }
  },
}

const meanOf = (rows: readonly Row[]): readonly number[] =>
  figures(rows[0]!).map((_, seed) => rows.reduce((sum, each) => sum + figures(each)[seed]!, 0) / rows.length)
