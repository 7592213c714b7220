/** What a model says of texts: log π(y|x) of a transformer, R(x, y) of a reward model. */
import { type Backend, compile, read } from '../../core/index.ts'
import type { Example, Sequences, Trainable } from '../../models/index.ts'
import { onDevice, pad, sequencesOf } from '../../models/internal.ts'
import { breathe } from '../terminal/terminal.ts'

/** Texts scored together. */
const together = 128

/** A number a text, in their order. Texts of similar lengths run together. `report` is called with the number that are done. */
export const scoreAll = async <P>(
  backend: Backend,
  model: Trainable<P>,
  parameters: P,
  examples: readonly Example[],
  report: (done: number) => void = () => undefined,
): Promise<readonly number[]> => {
  const run = compile(backend, (own: P, sequences: Sequences) => model.score(own, sequences).logProbability)
  const resident = await onDevice(backend, parameters)
  const length = ({ prompt, completion }: Example): number => prompt.length + completion.length
  const order = [...examples.keys()].sort((i, j) => length(examples[i]!) - length(examples[j]!))
  const scores: number[] = []
  for (let from = 0; from < order.length; from += together) {
    const some = order.slice(from, from + together)
    const batch = pad(
      some.map((i) => examples[i]!),
      { context: model.config.context, bucket: 16 },
    )
    const found = await read(backend, await run(resident, sequencesOf(batch)))
    for (const [k, i] of some.entries()) scores[i] = found[k]!
    report(from + some.length)
    await breathe()
  }
  return scores
}
