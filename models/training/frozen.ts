/**
 * What the reference model says of completions. While it does not change, each completion of the data is scored once, and remembered; always among the
 * same others and padded alike (its batch in the first epoch), so that a run that was resumed finds the same numbers, to the last bit. A reference model
 * that follows the policy scores each batch when it is needed.
 */
import { type Backend, compile, dispose, read, type Tensor, tensor } from '../../core/index.ts'
import type { EvidenceRole } from '../../halos/internal.ts'
import { type BatchOptions, pad } from '../data/batches.ts'
import type { ExampleTexts } from '../data/example.ts'
import type { Example } from '../data/truncate.ts'
import { onDevice } from '../nets/resident.ts'
import { type Sequences, sequencesOf } from '../nets/sequences.ts'
import type { Trainable } from '../nets/trainable.ts'

export interface Frozen<P> {
  /** log π_ref of one text of each of these examples. */
  readonly known: (role: EvidenceRole, members: readonly number[]) => Promise<Tensor<'batch'>>
  /** log π_ref of texts that will hardly come again. */
  readonly score: (texts: readonly Example[]) => Promise<Tensor<'batch'>>
  /** Takes another reference model from now on. */
  readonly refer: (reference: P) => void
}

/** @param homes the batches in which examples are scored: each example is in at most one; one that is in none is scored alone */
export const frozen = <P>(
  backend: Backend,
  model: Trainable<P>,
  reference: P,
  textsOf: (members: readonly number[]) => ExampleTexts,
  homes: readonly (readonly number[])[],
  options: BatchOptions,
): Frozen<P> => {
  const run = compile(backend, (parameters: P, sequences: Sequences) => model.score(parameters, sequences).logProbability)
  const home = new Map(homes.flatMap((members) => members.map((i) => [i, members] as const)))
  const remembered = new Map<string, number>()
  let [current, follows] = [reference, false]
  let resident: Promise<P> | undefined
  const scores = async (texts: readonly Example[]) => {
    resident ??= onDevice(backend, current)
    const scored = await run(await resident, sequencesOf(pad(texts, options)))
    const values = await read(backend, scored)
    dispose(backend, scored)
    return values
  }
  const column = (values: ArrayLike<number>) => tensor({ batch: values.length }, values)
  return {
    score: async (texts) => column(await scores(texts)),
    known: async (role, members) => {
      if (follows) return column(await scores(textsOf(members)[role] ?? []))
      for (const i of members) {
        if (remembered.has(`${role} ${i}`)) continue
        const together = home.get(i) ?? [i]
        const values = await scores(textsOf(together)[role] ?? [])
        together.forEach((j, k) => void remembered.set(`${role} ${j}`, values[k]!))
      }
      return column(members.map((i) => remembered.get(`${role} ${i}`)!))
    },
    refer: (next) => {
      ;[current, follows, resident] = [next, true, undefined]
      remembered.clear()
    },
  }
}
