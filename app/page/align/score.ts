/** What a model says of texts: log π(y|x) = Σ log π(yₜ | x, y₁ … yₜ₋₁), many texts at once. */
import { type Backend, compile, read, tensor } from '../../../core/index.ts'
import type { Example, Parameters, Sequences, Transformer } from '../../../models/index.ts'

/** Texts that are scored together. */
const together = 32

/** Rows padded to one length: position t reads token t and predicts token t + 1, which counts where it is part of the completion. */
const sequencesOf = (those: readonly Example[]): Sequences => {
  const [batch, seq] = [those.length, Math.max(...those.map(({ prompt, completion }) => prompt.length + completion.length))]
  const rows = (at: (text: readonly number[], t: number, begins: number) => number) =>
    tensor(
      { batch, seq },
      those.flatMap(({ prompt, completion }) => Array.from({ length: seq }, (_, t) => at([...prompt, ...completion], t, prompt.length))),
    )
  return {
    tokens: rows((text, t) => text[t] ?? 0),
    targets: rows((text, t) => text[t + 1] ?? 0),
    mask: rows((text, t, begins) => (t + 1 >= begins && t + 1 < text.length ? 1 : 0)),
  }
}

/** log π(y|x) of each text. */
export const score = async (
  backend: Backend,
  model: Transformer,
  parameters: Parameters,
  those: readonly Example[],
): Promise<readonly number[]> => {
  const run = compile(backend, (own: Parameters, sequences: Sequences) => model.score(own, sequences).logProbability)
  const scores: number[] = []
  for (let from = 0; from < those.length; from += together)
    scores.push(...(await read(backend, await run(parameters, sequencesOf(those.slice(from, from + together))))))
  return scores
}
