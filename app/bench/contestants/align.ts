/**
 * Halograd as a contestant in alignment: `align.ts DIRECTORY WISH` aligns the model there by KTO, as `halograd align` does: adapters (or all weights), the
 * reference model and unrelated completions on the fly, every step on texts that it has not seen.
 */
import { evaluate, type Tree } from '../../../core/index.ts'
import { getOrThrow, kto } from '../../../halos/index.ts'
import {
  adamW,
  adapted,
  begin,
  constantRate,
  fromWeights,
  initializeAdapters,
  keepFrozen,
  readWeights,
  type Trainable,
  train,
  transformer,
} from '../../../models/index.ts'
import { openBackend, type Wish } from '../../inputs/backends.ts'
import { readAlignProblem } from '../align-problem.ts'
import { shapeConfig } from '../shapes.ts'
import { serve } from './serve.ts'

const [directory, wish] = process.argv.slice(2)
if (directory === undefined || wish === undefined) throw new TypeError('usage: align.ts DIRECTORY WISH')
const { problem, examples } = await readAlignProblem(directory)
const { setting, alpha, targets, beta, rate } = problem
const config = shapeConfig(setting.shape, setting.small)
const { backend, mode } = await openBackend(JSON.parse(wish) as Wish, () => {}) // as peers.ts wrote it
const weights = fromWeights(config, await readWeights(directory), directory)

/** Steps of `train`, one for each call: the training loop waits in `onStep` until the next is wanted. */
const stepping = <P extends Tree<P>>(model: Trainable<P>, parameters: P): (() => Promise<number>) => {
  let go: () => void = () => {}
  let told: (loss: number) => void = () => {}
  let begun = false
  const optimizer = adamW({ rate: constantRate(rate) })
  return () =>
    new Promise<number>((resolve, reject) => {
      told = resolve
      go()
      if (begun) return
      begun = true
      train(begin(optimizer, parameters), {
        ...{ backend, model, loss: getOrThrow(kto({ beta })), optimizer, examples, batch: setting.batch, recompute: setting.recompute },
        ...{ steps: problem.texts / setting.batch, shuffled: false, reference: parameters },
        onStep: ({ metrics }) =>
          new Promise<void>((next) => {
            go = next
            told(metrics.loss ?? Number.NaN)
          }),
      }).catch(reject)
    })
}

const chosen = async (): Promise<() => Promise<number>> => {
  if (setting.rank === undefined) return stepping(transformer(config), weights)
  const options = { rank: setting.rank, alpha, targets }
  const base = setting.frozen === undefined ? await evaluate(backend, weights) : await keepFrozen(backend, config, weights, setting.frozen)
  return stepping(adapted(config, base, options), initializeAdapters(config, options, 1))
}

await serve({ name: backend.name, mode }, await chosen())
process.exit(0) // the training loop still waits
