/**
 * The steps of a run, whatever is trained: measured on held-out data, logged and kept on the way, until they are done, or no longer help, or are to stop.
 * Everything that decides what comes next is in the journal: a run that was killed goes on as if it had not been.
 */
import { dispose, type Tree } from '../../core/index.ts'
import { begin, train, writeDirectoryAtomically } from '../../models/index.ts'
import { onDevice } from '../../models/internal.ts'
import { type Evaluation, evaluator } from '../inference/evaluation.ts'
import type { OpenedBackend } from '../inputs/backends.ts'
import { jsonNote } from '../inputs/checkpoint.ts'
import { controlFile } from '../inputs/control.ts'
import { Interrupted } from '../terminal/errors.ts'
import { count, progress } from '../terminal/progress.ts'
import { breathe, type Terminal } from '../terminal/terminal.ts'
import type { RunData } from './data.ts'
import { factsOf, symptomsOf, urgent } from './health.ts'
import { csvOf, heldOutIn, type LogRow, rowOf } from './log.ts'
import { numericsOf } from './numerics.ts'
import { optimizationOf } from './optimization.ts'
import { leastHeldOut, planOf } from './plan.ts'
import { sayResult, sayStart } from './report.ts'
import { type RunResult, resultOf } from './result.ts'
import { openRunLog } from './run-log.ts'
import { bestOf, sinceBest } from './selection.ts'
import type { Task } from './task.ts'
import type { RunTrainable } from './trainable.ts'

export const trainingLoop = async <P extends Tree<P>>(
  terminal: Terminal,
  task: Task,
  data: RunData,
  opened: OpenedBackend,
  { model, parameters, files }: RunTrainable<P>,
): Promise<RunResult> => {
  const { command, settings, loss, options } = task
  const { backend } = opened
  const {
    batch,
    accumulate,
    seed,
    dropout,
    gradientCheckpointing: recompute = false,
    inOrder = false,
    out,
    patience,
    best = false,
    resume = false,
    insist = false,
  } = options
  const { steps, saveEvery, evalEvery } = planOf(options, data)
  const { optimizer, rate, line } = optimizationOf(options, parameters, steps, task.rate)
  const inEffect = settings.some(({ name }) => name === 'lr') ? settings : [...settings, { name: 'lr', value: rate, paths: [] }]
  const journalOptions = {
    ...{ out, command, settings: inEffect, numerics: numericsOf(opened), data, resume, insist },
    ...{ keep: saveEvery === 0 ? 0 : options.keep, steps, say: terminal.say },
  }
  const runLog = await openRunLog(backend, begin(optimizer, parameters), journalOptions)
  const { rows } = runLog
  const behind = rows.at(-1)?.step ?? 0
  terminal.say(`${loss.name}: ${data.training.length} examples, ${steps} steps of ${batch}; ${data.heldOut.length} examples held out`)
  terminal.say(line)
  if (behind > 0) terminal.say(`resumed after step ${behind}`)

  try {
    const judge =
      data.heldOut.length >= leastHeldOut ? evaluator(backend, model, loss, parameters, data.heldOut, { batch, seed }) : undefined
    if (judge !== undefined && rows.length === 0) {
      const resident = await onDevice(backend, parameters)
      await runLog.append(rowOf({ step: 0, epoch: 0, tokens: 0, metrics: {} }, (await judge(resident)).metrics))
      if (resident !== parameters) dispose(backend, resident)
    }
    /** What held-out data said after a row, or say now. */
    const measured = async (row: LogRow, now: P): Promise<Evaluation | undefined> => {
      const known = heldOutIn(row)
      return judge && (known === undefined ? judge(now) : { metrics: known, examples: judge.examples })
    }
    const lost = () => patience !== undefined && sinceBest(rows) >= patience
    let [seconds, stopped] = [runLog.seconds, lost()]
    const bar = progress(terminal, command, steps, behind)
    const facts = factsOf(loss, data)
    const said = new Set<string>()
    /** Ten times in a run: what is wrong by then, each once. */
    const look = (): void => {
      const notice = backend.notice?.()
      if (notice !== undefined && !said.has(notice)) bar.say(`warning: ${notice}`)
      if (notice !== undefined) said.add(notice)
      for (const { ailment, because, advice } of symptomsOf(rows, facts))
        if (!said.has(ailment) && urgent.includes(ailment)) {
          said.add(ailment)
          bar.say(`warning: ${ailment}: ${because}. ${advice}`)
        }
    }
    const state = await train(runLog.start, {
      ...{ backend, model, loss, optimizer, examples: data.training, steps, batch, accumulate, seed, dropout, recompute },
      shuffled: !inOrder,
      ...(behind > 0 ? { reference: parameters } : {}),
      signal: {
        get aborted() {
          return terminal.stop.aborted || stopped
        },
      },
      onStep: async (report, now) => {
        const { step, tokens, metrics } = report
        seconds += report.seconds
        if (step === 1 && dropout === 0) sayStart(bar, loss, report)
        const due = judge !== undefined && (step % evalEvery === 0 || step === steps)
        await runLog.append(rowOf(report, due ? (await judge(now.parameters)).metrics : {}, rows.at(-1)))
        stopped = due && lost()
        const worthKeeping = (saveEvery > 0 && step % saveEvery === 0) || (due && bestOf(rows)?.step === step)
        if (worthKeeping) await runLog.save(now, { finished: stopped || step === steps, seconds })
        if (step % Math.ceil(steps / 10) === 0) look()
        bar.at(step, `loss ${metrics.loss?.toFixed(4)} · ${count(tokens / report.seconds)} tokens/s`)
        await breathe()
      },
    }).finally(bar.end)

    const last = rows.at(-1)
    if (last === undefined || last.step === 0) throw new Interrupted('Stopped. There was nothing to save yet.')
    await runLog.save(state, { finished: stopped || last.step === steps, seconds })
    const chosen = (best ? bestOf(rows) : undefined) ?? last
    const trained = chosen === last ? state.parameters : (await runLog.at(chosen.step)).parameters
    const after = await measured(chosen, trained)
    const ending = { interrupted: terminal.stop.aborted, stoppedEarly: stopped && last.step < steps, saved: chosen.step, seconds }
    const health = symptomsOf(rows, facts)
    const result = resultOf(task, data, opened, rows, { ...ending, health, ...(after && { after }) })
    await writeDirectoryAtomically(out, {
      ...(await files(backend, trained)),
      ...controlFile(data.control),
      'training.json': jsonNote({ command, result }),
      'metrics.csv': csvOf(rows),
    })
    sayResult(terminal, loss, result, rows)
    if (result.interrupted && runLog.kept() === last.step) terminal.say('Go on with it:  the same command with --resume')
    return result
  } catch (error) {
    if (runLog.kept() > 0) terminal.say(`What was done up to step ${runLog.kept()} is kept: --resume goes on from there.`)
    throw error
  } finally {
    await runLog.close()
  }
}
