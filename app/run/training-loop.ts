/**
 * The steps of a run, whatever is trained: each is logged, some are measured on held-out data and kept, until all are made, or held-out data no longer
 * improve, or the run is to stop. Everything that decides what comes next is in the log: a killed run continues as if it had not been killed.
 */
import type { Tree } from '../../core/index.ts'
import { type StepReport, type StepState, train, writeDirectoryAtomically } from '../../models/index.ts'
import { paddingOf } from '../../models/internal.ts'
import type { OpenedBackend } from '../inputs/backends.ts'
import { jsonNote } from '../inputs/checkpoint.ts'
import { controlFile } from '../inputs/control.ts'
import { Interrupted } from '../terminal/errors.ts'
import { count, type Progress, progress } from '../terminal/progress.ts'
import { breathe, type Terminal } from '../terminal/terminal.ts'
import { loadCallback, type RunCallback } from './callback.ts'
import type { RunData } from './data.ts'
import { factsOf, symptomsOf, urgent } from './health.ts'
import { csvOf, rowOf } from './log.ts'
import { besideLines, sampleLines, sayResult, sayStart } from './report.ts'
import { type RunResult, resultOf } from './result.ts'
import type { PromptSample } from './samples.ts'
import { bestOf, recentKl, sinceBest } from './selection.ts'
import { heldOutAfter, measureStart, openSession, type RunSession } from './session.ts'
import type { Task } from './task.ts'
import type { RunTrainable } from './trainable.ts'

export const trainingLoop = async <P extends Tree<P>>(
  terminal: Terminal,
  task: Task,
  data: RunData,
  opened: OpenedBackend,
  trainable: RunTrainable<P>,
): Promise<RunResult> => {
  const session = await openSession(terminal, task, data, opened, trainable)
  const { log } = session
  sayPlan(session)
  try {
    await measureStart(session)
    const { state, course } = await trainWatched(session)
    return await finish(session, state, course)
  } catch (error) {
    if (log.kept() > 0) terminal.say(`What was done up to step ${log.kept()} is kept: --resume continues from there.`)
    throw error
  } finally {
    await log.close()
  }
}

const sayPlan = <P>({ terminal, task, data, trainable, plan, optimization, log }: RunSession<P>): void => {
  const { loss, options } = task
  const { batch, seed, accumulate, inOrder = false } = options
  const behind = log.rows.at(-1)?.step ?? 0
  terminal.say(
    `${loss.name}: ${data.training.length} examples, ${plan.steps} steps of ${options.batch}; ${data.heldOut.length} examples held out`,
  )
  terminal.say(optimization.line)
  terminal.say(
    `padding: ${(100 * paddingOf(data.training, { batch, seed, accumulate, shuffled: !inOrder }, trainable.model.config.context)).toFixed(0)} % of the positions of an epoch`,
  )
  if (behind > 0) terminal.say(`resumed after step ${behind}`)
}

/** How far a run has come, beside its log. */
interface Course {
  seconds: number
  /** Why it ends before its last step, as the end of "Stopped, as …". */
  stopped?: string
  /** Samples of before training. */
  readonly before?: readonly PromptSample[]
}

const trainWatched = async <P extends Tree<P>>(
  session: RunSession<P>,
): Promise<{ readonly state: StepState<P>; readonly course: Course }> => {
  const { terminal, task, data, opened, trainable, plan, optimization, log } = session
  const { model, parameters, reference } = trainable
  const { batch, accumulate, seed, dropout, gradientCheckpointing: recompute = false, inOrder = false, ...options } = task.options
  const behind = log.rows.at(-1)?.step ?? 0
  const before = await session.sample?.(parameters)
  const reason = reasonToStop(session)
  const course: Course = { seconds: log.seconds, ...(reason && { stopped: reason }), ...(before && { before }) }
  const bar = progress(terminal, task.command, plan.steps, behind)
  const callback = task.options.callback === undefined ? undefined : await loadCallback(task.options.callback)
  const onStep = afterStep(session, course, bar, callback)
  const state = await train(log.start, {
    ...{ backend: opened.backend, model, loss: task.loss, optimizer: optimization.optimizer, examples: data.training },
    ...{ steps: plan.steps, batch, accumulate, seed, dropout, recompute, shuffled: !inOrder && options.curriculum === undefined, onStep },
    ...(reference !== undefined || behind > 0 ? { reference: reference ?? parameters } : {}),
    ...(options.syncReference && { sync: { every: options.syncReference, ...(options.mix && { mix: options.mix }) } }),
    signal: {
      get aborted() {
        return terminal.stop.aborted || course.stopped !== undefined
      },
    },
  }).finally(bar.end)
  return { state, course }
}

/** Why the run is to end after its last row, by --patience or --max-kl. */
const reasonToStop = <P>({ task: { options }, log: { rows } }: RunSession<P>): string | undefined => {
  const { patience, maxKl } = options
  const measure = options.judge === undefined ? 'the held-out loss was not lowered any more' : 'the win rate did not rise any more'
  if (patience !== undefined && sinceBest(rows) >= patience) return measure
  const kl = maxKl === undefined ? undefined : recentKl(rows)
  return kl !== undefined && kl > maxKl! ? `the policy is ${kl.toFixed(2)} nats from the reference model (--max-kl)` : undefined
}

/** What is done after a step: measure, log, keep, warn, show. */
const afterStep = <P extends Tree<P>>(session: RunSession<P>, course: Course, bar: Progress, callback?: RunCallback) => {
  const { task, plan, log, trainable, evaluate, sample } = session
  const { steps, saveEvery, evalEvery } = plan
  const warn = warnings(session, bar)
  return async (report: StepReport, now: StepState<P>): Promise<void> => {
    const { step, tokens, metrics } = report
    course.seconds += report.seconds
    if (step === 1 && task.options.dropout === 0 && trainable.reference === undefined) sayStart(bar, task.loss, report)
    const due = evaluate !== undefined && (step % evalEvery === 0 || step === steps)
    await log.append(rowOf(report, due ? (await evaluate(now.parameters)).metrics : {}, log.rows.at(-1)))
    const asked = await callback?.(log.rows.at(-1)!, { out: task.options.out, steps })
    const reason = asked === 'stop' ? '--callback asked for it' : reasonToStop(session)
    if (reason !== undefined) course.stopped = reason
    const worthKeeping = (saveEvery > 0 && step % saveEvery === 0) || (due && bestOf(log.rows)?.step === step)
    if (worthKeeping) await log.save(now, { finished: course.stopped !== undefined || step === steps, seconds: course.seconds })
    if (step % Math.ceil(steps / 10) === 0) warn()
    if (sample !== undefined && step % (task.options.sampleEvery ?? steps) === 0)
      for (const line of sampleLines(step, await sample(now.parameters))) bar.say(line)
    bar.at(step, `loss ${metrics.loss?.toFixed(4)} · ${count(tokens / report.seconds)} tokens/s`)
    await breathe()
  }
}

/** Prints notices of the backend and urgent symptoms, each once. */
const warnings = <P>({ task, data, opened, log }: RunSession<P>, bar: Progress): (() => void) => {
  const facts = factsOf(task.loss, data)
  const said = new Set<string>()
  const warn = (key: string, text: string): void => {
    if (!said.has(key)) bar.say(`warning: ${text}`)
    said.add(key)
  }
  return () => {
    const notice = opened.backend.notice?.()
    if (notice !== undefined) warn(notice, notice)
    for (const { ailment, because, advice } of symptomsOf(log.rows, facts))
      if (urgent.includes(ailment)) warn(ailment, `${ailment}: ${because}. ${advice}`)
  }
}

/** Saves the last model, or with --best the best one, and reports. */
const finish = async <P extends Tree<P>>(
  session: RunSession<P>,
  state: StepState<P>,
  { seconds, stopped, before }: Course,
): Promise<RunResult> => {
  const { terminal, task, data, opened, trainable, plan, log } = session
  const { loss, options, command } = task
  const { rows } = log
  const last = rows.at(-1)
  if (last === undefined || last.step === 0) throw new Interrupted('Stopped. There was nothing to save yet.')
  await log.save(state, { finished: stopped !== undefined || last.step === plan.steps, seconds })
  const chosen = (options.best ? bestOf(rows) : undefined) ?? last
  const trained = chosen === last ? state.parameters : (await log.at(chosen.step)).parameters
  const after = await heldOutAfter(session, chosen, trained)
  const result = resultOf(task, data, opened, rows, {
    ...{ interrupted: terminal.stop.aborted, stoppedEarly: stopped !== undefined && last.step < plan.steps, saved: chosen.step, seconds },
    ...{ health: symptomsOf(rows, factsOf(loss, data)), ...(after && { after }), ...(stopped && { stoppedBecause: stopped }) },
  })
  await writeDirectoryAtomically(options.out, {
    ...(await trainable.files(opened.backend, trained)),
    ...controlFile(data.control),
    'training.json': jsonNote({ command, result }),
    'metrics.csv': csvOf(rows),
  })
  if (before !== undefined && session.sample !== undefined)
    for (const line of besideLines(before, await session.sample(trained))) terminal.say(line)
  sayResult(terminal, loss, result, rows)
  if (result.interrupted && log.kept() === last.step) terminal.say('Continue:  the same command with --resume')
  return result
}
