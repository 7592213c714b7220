/**
 * Whether a run is well, from its log alone: what is wrong, by what figure, and what to change. Reported during the run, and at its end.
 *
 *     last values = means over the last tenth of the steps        held out: before training → lowest → last
 */
import type { AnyLoss } from '../../halos/index.ts'
import type { Balance } from '../../models/index.ts'
import { balanceOf } from '../inputs/examples.ts'
import type { RunData } from './data.ts'
import { heldOutIn, type LogRow, trainedIn } from './log.ts'

export type Ailment =
  | 'diverged'
  | 'overfit'
  | 'saturated'
  | 'far'
  | 'one-sided'
  | 'displaced'
  | 'few held out'
  | 'contradictory'
  | 'unmoved'

export interface Symptom {
  readonly ailment: Ailment
  /** By what it is seen. */
  readonly because: string
  /** What to change, as an imperative sentence. */
  readonly advice: string
}

/** What is known of a run beside its log. */
export interface Facts {
  readonly needs: AnyLoss['needs']
  readonly training: number
  readonly heldOut: number
  /** Of losses that read labels. */
  readonly balance?: Balance
  /** Rows whose labels contradict those of others. */
  readonly contradictions: number
}

/** With these the model is not to be used. */
const grave: readonly Ailment[] = ['diverged']
export const isGrave = (symptoms: readonly Symptom[]): boolean => symptoms.some(({ ailment }) => grave.includes(ailment))

/** Reported during the run. */
export const urgent: readonly Ailment[] = ['diverged', 'overfit', 'saturated', 'far']

export const factsOf = ({ needs }: AnyLoss, { training, heldOut, contradictions }: RunData): Facts => ({
  ...{ needs, training: training.length, heldOut: heldOut.length, contradictions },
  ...(needs.label && { balance: balanceOf(training) }),
})

/** Beyond these, in multiples of β · nats, nats, and fractions. Rewards of runs that go well are below ten; so is the KL divergence from the reference model. */
const most = { reward: 50, kl: 25, saturated: 0.9, rise: 0.02, contradictions: 0.05 } as const
/** Fewer held-out examples tell a mean to no better than a tenth of its spread. */
const fewest = 20

export const symptomsOf = (rows: readonly LogRow[], facts: Facts): readonly Symptom[] => {
  const steps = rows.filter(({ step }) => step > 0)
  if (steps.length === 0) return []
  const going = course(steps, facts)
  return [...going, ...(isGrave(going) ? [] : generalization(rows, steps)), ...ofData(facts)]
}

const course = (steps: readonly LogRow[], { needs }: Facts): readonly Symptom[] => {
  const last = lastOf(steps)
  const broken = steps.find(({ loss }) => loss !== undefined && !Number.isFinite(loss))
  const reward = Math.max(...['rewards/chosen', 'rewards/rejected'].map((name) => Math.abs(last(name) ?? 0)))
  const [chosen, rejected, margin] = [last('rewards/chosen'), last('rewards/rejected'), last('rewards/margins')]
  const diverged =
    broken !== undefined
      ? `the loss of step ${broken.step} is ${broken.loss}`
      : !needs.reward && reward > most.reward
        ? `rewards of ${figure(reward)}, where ${most.reward} is much`
        : undefined
  if (diverged !== undefined) return [{ ailment: 'diverged', because: diverged, advice: slower }]
  return [
    ...when((last('saturated') ?? 0) > most.saturated, {
      ailment: 'saturated',
      because: `${percent(last('saturated'))} of the examples lie where the value function is flat, and teach nothing any more`,
      advice: 'Train for fewer epochs, or with a lower --lr or β (--set beta=…).',
    }),
    ...when(Math.abs(last('kl') ?? 0) > most.kl, {
      ailment: 'far',
      because: `the model is ${figure(last('kl'))} nats from the reference model, where ${most.kl} is much`,
      advice: 'Lower --lr, or raise β (--set beta=…), which holds it back.',
    }),
    ...when(needs.pair && chosen !== undefined && rejected !== undefined && chosen < -1 && (margin ?? 0) > 0, {
      ailment: 'displaced',
      because: `the chosen completions have become less likely, too (reward ${figure(chosen)}): only the margin grows`,
      advice: 'Lower --lr, or add imitation of the chosen ones: --halo dpo+0.1*sft.',
    }),
    ...when(steps.length >= 20 && unmoved(steps), {
      ailment: 'unmoved',
      because: 'the loss has not moved',
      advice: 'Raise --lr, or train for more steps.',
    }),
  ]
}
const slower = 'Do not use this model: begin anew with a tenth of the --lr; if it still diverges, look at the data (halograd data check).'

/** Held-out data against training. */
const generalization = (rows: readonly LogRow[], steps: readonly LogRow[]): readonly Symptom[] => {
  const measured = rows.flatMap((row) => {
    const loss = heldOutIn(row)?.loss
    return loss === undefined || !Number.isFinite(loss) ? [] : [{ step: row.step, loss }]
  })
  const [before, after] = [measured[0], measured.at(-1)]
  if (before === undefined || after === undefined || before === after) return []
  const lowest = measured.reduce((least, each) => (each.loss < least.loss ? each : least))
  const scale = Math.max(Math.abs(before.loss), Math.abs(lowest.loss))
  if (after.loss - lowest.loss <= most.rise * scale) return []
  const trained = steps.flatMap(({ loss }) => (loss === undefined ? [] : [loss]))
  const rising = mean(trained.slice(-tenth(trained))) > mean(trained.slice(0, tenth(trained)))
  const because = `the held-out loss rose from ${figure(lowest.loss)} (${lowest.step === 0 ? 'before training' : `step ${lowest.step}`}) to ${figure(after.loss)}`
  if (rising && lowest.step === 0) return [{ ailment: 'diverged', because: `${because}, and that of training with it`, advice: slower }]
  const advice = 'Keep the best step with --best, stop with --patience, train for fewer epochs, or bring more data.'
  return [{ ailment: 'overfit', because: `${because}, while that of training fell`, advice }]
}

const ofData = ({ needs, training, heldOut, balance, contradictions }: Facts): readonly Symptom[] => [
  ...when(balance !== undefined && needs.label && (balance.desirable === 0 || balance.undesirable === 0), {
    ailment: 'one-sided',
    because: `all ${training} labels are ${balance?.desirable === 0 ? 'undesirable' : 'desirable'}: nothing is compared`,
    advice: 'Bring examples of the other kind, or imitate the good ones (train sft).',
  }),
  ...when(heldOut < fewest, {
    ailment: 'few held out',
    because: `${heldOut} held-out examples cannot tell whether it learned or memorized`,
    advice: `Hold out at least ${fewest}: a larger --eval, or a file.`,
  }),
  ...when(contradictions > most.contradictions * training, {
    ailment: 'contradictory',
    because: `${contradictions} of ${training} rows say both good and bad of the same completion`,
    advice: 'Decide between them (halograd data check names the lines), or use a loss that expects noise: --halo robust-dpo, cdpo.',
  }),
]

/** The words at the end. */
export const verdictOf = (symptoms: readonly Symptom[]): readonly string[] => {
  if (symptoms.length === 0) return ['The run is healthy: nothing in its log speaks against it.']
  const bad = symptoms.filter(({ ailment }) => grave.includes(ailment))
  const title = bad.length > 0 ? 'The run has DIVERGED:' : 'The run ended; its log says:'
  return [title, ...symptoms.map(({ ailment, because, advice }) => `  ${ailment}: ${because}. ${advice}`)]
}

// ------------------------------------------------------------------ figures

const tenth = (all: readonly unknown[]): number => Math.max(1, Math.ceil(all.length / 10))
const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length

/** Means over the last tenth of the steps, of those that have the metric. */
const lastOf =
  (steps: readonly LogRow[]) =>
  (name: string): number | undefined => {
    const values = steps.slice(-tenth(steps)).flatMap((row) => trainedIn(row)[name] ?? [])
    return values.length === 0 ? undefined : mean(values)
  }

const unmoved = (steps: readonly LogRow[]): boolean => {
  const losses = steps.flatMap(({ loss }) => (loss === undefined ? [] : [loss]))
  return losses.length > 0 && Math.max(...losses) - Math.min(...losses) <= 1e-4 * Math.abs(losses[0]!)
}

const when = (holds: boolean, symptom: Symptom): readonly Symptom[] => (holds ? [symptom] : [])
const figure = (x = Number.NaN): string => String(Number(x.toPrecision(3)))
const percent = (x = Number.NaN): string => `${Math.round(100 * x)} %`
