/** Continuations of many prompts, with a progress bar; stopped by Ctrl-C. */
import type { Backend } from '../../core/index.ts'
import { type Generated, type GenerateOptions, generator, type Parameters, type Transformer } from '../../models/index.ts'
import { onDevice } from '../../models/internal.ts'
import { Interrupted } from '../terminal/errors.ts'
import { count, progress } from '../terminal/progress.ts'
import { breathe, type Terminal } from '../terminal/terminal.ts'

export interface ContinuationWriter {
  readonly backend: Backend
  readonly model: Transformer
  readonly parameters: Parameters
}

/** @throws Interrupted after Ctrl-C or SIGTERM */
export const checkStop = ({ stop }: Terminal): void => {
  if (stop.aborted) throw new Interrupted('Stopped. There was nothing to save yet.')
}

/** Prompts whose continuations are made together. */
const together = 128

/**
 * One continuation a prompt, in the order of the prompts. Prompts of similar lengths run together; those of one position draw the same random
 * numbers, whichever model writes, so that two models are compared with as little chance between them as can be.
 */
export const continueAll = async (
  terminal: Terminal,
  title: string,
  { backend, model, parameters }: ContinuationWriter,
  prompts: readonly (readonly number[])[],
  { batch = together, seed = 0, ...options }: GenerateOptions,
): Promise<readonly Generated[]> => {
  const bar = progress(terminal, title, prompts.length)
  const generate = generator(backend, model)
  const resident = await onDevice(backend, parameters)
  const order = [...prompts.keys()].sort((i, j) => prompts[i]!.length - prompts[j]!.length)
  const made: Generated[] = []
  const started = performance.now()
  let tokens = 0
  try {
    for (let from = 0; from < order.length; from += batch) {
      checkStop(terminal)
      const some = order.slice(from, from + batch)
      const results = await generate(
        resident,
        some.map((i) => prompts[i]!),
        { ...options, seed: seed + from, batch },
      )
      for (const [k, i] of some.entries()) made[i] = results[k]!
      tokens += results.reduce((n, result) => n + result.tokens.length, 0)
      bar.at(from + some.length, `${count((1000 * tokens) / (performance.now() - started))} tokens/s`)
      await breathe()
    }
  } finally {
    bar.end()
  }
  return made
}
