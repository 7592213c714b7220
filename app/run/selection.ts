/**
 * Which step was the best on held-out data, and whether to continue: functions of the log, so that a resumed run decides alike. The best has the highest
 * win rate where a judge measured it, else the lowest loss.
 */
import { average } from '../terminal/statistics.ts'
import type { LogRow } from './log.ts'

/** The first of the best rows. Row 0, before training, is none to choose. */
export const bestOf = (rows: readonly LogRow[]): LogRow | undefined => {
  const measured = measuredIn(rows)
  const least = Math.min(...measured.map(costOf))
  return measured.find((row) => costOf(row) === least)
}

/** How many measurements there were since the best. */
export const sinceBest = (rows: readonly LogRow[]): number => {
  const best = bestOf(rows)
  return measuredIn(rows).filter(({ step }) => best !== undefined && step > best.step).length
}

const measuredIn = (rows: readonly LogRow[]): readonly LogRow[] => rows.filter(({ step, eval_loss }) => step > 0 && eval_loss !== undefined)
const costOf = ({ eval_loss = Number.NaN, eval_win_rate }: LogRow): number => {
  const cost = eval_win_rate === undefined ? eval_loss : -eval_win_rate
  return Number.isNaN(cost) ? Number.POSITIVE_INFINITY : cost
}

/** The mean KL divergence of the last steps from the reference model, in nats: that of a single batch is noisy. */
export const recentKl = (rows: readonly LogRow[]): number | undefined => {
  const values = rows.slice(-recent).flatMap(({ kl }) => (kl === undefined ? [] : [kl]))
  return values.length === 0 ? undefined : average(values)
}
const recent = 5
