/** Table 2 and Theorem 4.3: judgements that are wrong at random, people who contradict each other, and the reference point. */
import {
  afterSft,
  type Experiment,
  type ExperimentOutcome,
  type ExperimentRow,
  figures,
  row,
  type Scheduler,
  withoutSft,
} from '../experiment.ts'
import { methods, sweep, sweepTitle } from '../methods.ts'
import type { Method } from '../pipeline.ts'
import { finding, type StatisticalFinding } from '../statistics.ts'

export const experiment: Experiment = {
  key: 'table2',
  title: 'Table 2 and Theorem 4.3: noise, contradiction, and the reference point',
  claim:
    'KTO does better than DPO where feedback is noisy; where people contradict each other it leaves the model as it is, while DPO can make everybody worse off (Theorem 4.3); without its reference point z₀ it does worse.',
  seeds: 5,
  run: async (scheduler) => {
    const start = afterSft(scheduler)
    const [{ method: kto }, { method: dpo }] = await Promise.all([
      sweep(scheduler, start, methods.kto),
      sweep(scheduler, start, methods.dpo),
    ])
    const parts = await Promise.all([noisy(scheduler), contradictory(scheduler, kto, dpo), referencePoint(scheduler, kto)])
    return {
      tables: parts.flatMap(({ tables }) => tables),
      findings: parts.flatMap(({ findings }) => findings),
      notes: parts.flatMap(({ notes }) => notes),
    }
  },
}

/** Preferences recorded the wrong way round; SFT, too, learns from them. */
const noisy = async (scheduler: Scheduler): Promise<ExperimentOutcome> => {
  const rows: ExperimentRow[] = []
  const tried: ExperimentRow[] = []
  const findings: StatisticalFinding[] = []
  for (const flipped of [0.2, 0.4]) {
    const start = { ...afterSft(scheduler), data: { pairs: scheduler.pairs, flipped } }
    const group = `ε = ${flipped}`
    const [kto, dpo] = await Promise.all([sweep(scheduler, start, methods.kto), sweep(scheduler, start, methods.dpo)])
    tried.push(...[...kto.rows, ...dpo.rows].map((each) => ({ ...each, group: `${each.group}, ${group}` })))
    const [sft, one, other] = await Promise.all([
      row(scheduler, group, 'SFT', start),
      row(scheduler, group, `KTO, best rate (${kto.method.rate})`, start, kto.method),
      row(scheduler, group, `DPO, best rate (${dpo.method.rate})`, start, dpo.method),
    ])
    rows.push(sft, one, other)
    findings.push(
      finding(`${group}: KTO wins more than DPO, each at its best rate`, figures(one), figures(other)),
      finding(`${group}: KTO wins more than SFT`, figures(one), figures(sft)),
    )
    if ([kto, dpo].every(({ method }) => method.rate === low)) continue
    const [gentle, gentleDpo] = await Promise.all([
      row(scheduler, group, `KTO, rate ${low}`, start, { ...kto.method, rate: low }),
      row(scheduler, group, `DPO, rate ${low}`, start, { ...dpo.method, rate: low }),
    ])
    rows.push(gentle, gentleDpo)
    findings.push(finding(`${group}: KTO wins more than DPO, both at rate ${low}`, figures(gentle), figures(gentleDpo)))
  }
  return {
    tables: [
      { title: 'Preferences recorded the wrong way round with probability ε', columns: ['win', 'length', 'ended', 'exact', 'kl'], rows },
      { title: sweepTitle, columns: ['win'], rows: tried },
    ],
    findings,
    notes: [],
  }
}

/** A learning rate that noise does not easily mislead. */
const low = 3e-4

/** A tenth of a letter: changes of reward that nobody would notice. */
const unnoticed = 0.1

/** Two groups of people who agree on what is right, and disagree on whether to go on talking: both say so, of the same pairs. */
const contradictory = async (scheduler: Scheduler, kto: Method, dpo: Method): Promise<ExperimentOutcome> => {
  const start = afterSft(scheduler)
  const before = await row(scheduler, 'before', 'SFT', start)
  const rows = [before]
  const findings: StatisticalFinding[] = []
  for (const { share, together } of [{ share: 1 }, { share: 1, together: true }, { share: 0.5, together: true }] as const) {
    const data = { pairs: scheduler.pairs, contradictory: share, ...(together && { together }) }
    const group = `${100 * share} % disputed${together ? ', both sides in a batch' : ''}`
    const [one, other] = await Promise.all([
      row(scheduler, group, 'KTO', start, { ...kto, data }),
      row(scheduler, group, 'DPO', start, { ...dpo, data }),
    ])
    rows.push(one, other)
    if (share === 1)
      findings.push(
        finding(`${group}: KTO leaves people no worse off`, worth(one), worth(before), -unnoticed),
        finding(`${group}: DPO leaves people worse off`, worth(before), worth(other)),
      )
    findings.push(finding(`${group}: people are better off with KTO than with DPO`, worth(one), worth(other)))
  }
  return {
    tables: [{ title: 'Two groups who contradict each other', columns: ['reward', 'talkative', 'exact', 'length', 'kl'], rows }],
    findings,
    notes: [
      'The terse value an answer as the oracle does (up to 4, less ¼ a word too many); the talkative like up to six words more as much as the terse dislike them.',
      'Theorem 4.3 compares expected losses and the worst of DPO’s optima. Where both sides of a dispute are in one batch, their gradients under KTO cancel, whatever the policy, to rounding; under DPO they do so only where the policy has not moved, and what moves it, be it rounding, Adam enlarges to steps of the learning rate.',
      'Where batches are drawn at random, both sides seldom meet, and noise is all that is left to follow: at these learning rates that ruins models under both.',
    ],
  }
}
/** What answers are worth to both groups, on average. */
const worth = (row: ExperimentRow): readonly number[] => row.measured.map(({ reward, talkative }) => (reward + talkative) / 2)

/** The same with z₀ = 0: after SFT, without it, and where hardly anything is undesirable. */
const referencePoint = async (scheduler: Scheduler, kto: Method): Promise<ExperimentOutcome> => {
  const rows: ExperimentRow[] = []
  const findings: StatisticalFinding[] = []
  for (const [group, start, change] of [
    ['after SFT', afterSft(scheduler), {}],
    ['without SFT', withoutSft(scheduler), {}],
    [
      'without SFT, β = 0.5, 10 % of undesirable',
      withoutSft(scheduler),
      { settings: { beta: 0.5, undesirable: 7.5 }, feedback: { undesirable: 0.1 } },
    ],
  ] as const) {
    const one = await row(scheduler, group, 'KTO', start, { ...kto, ...change })
    const zero = await row(scheduler, group, 'KTO, z₀ = 0', start, { ...kto, ...change, loss: 'kto-zero' })
    rows.push(one, zero)
    findings.push(finding(`${group}: KTO wins more with its reference point than with z₀ = 0`, figures(one), figures(zero)))
  }
  return { tables: [{ title: 'The reference point', columns: ['win', 'z0 > 0', 'ended', 'exact', 'kl'], rows }], findings, notes: [] }
}
