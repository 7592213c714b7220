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

/** log π_ref of completions; or of each of their tokens, for a loss that reads tokens. */
export interface ReferenceScores {
  readonly reference?: Tensor<'batch'>
  readonly tokenReference?: Tensor<'batch' | 'seq'>
}
export interface Frozen<P> {
  /** What it says of one text of each of these examples, in rows of so many tokens. */
  readonly known: (role: EvidenceRole, members: readonly number[], seq: number) => Promise<ReferenceScores>
  /** The same of texts that will hardly come again. */
  readonly score: (texts: readonly Example[], seq: number) => Promise<ReferenceScores>
  /** Takes another reference model from now on. */
  readonly refer: (reference: P) => void
}

/**
 * @param homes the batches in which examples are scored: each example is in at most one; one that is in none is scored alone
 * @param options how texts are padded, and whether the loss reads their tokens
 */
export const frozen = <P>(
  backend: Backend,
  model: Trainable<P>,
  reference: P,
  textsOf: (members: readonly number[]) => ExampleTexts,
  homes: readonly (readonly number[])[],
  { tokens: ofTokens, ...options }: BatchOptions & { readonly tokens: boolean },
): Frozen<P> => {
  const run = compile(backend, (parameters: P, sequences: Sequences) => {
    const { logProbability, tokens } = model.score(parameters, sequences)
    return ofTokens ? (tokens ?? logProbability) : logProbability
  })
  const home = new Map(homes.flatMap((members) => members.map((i) => [i, members] as const)))
  const remembered = new Map<string, ArrayLike<number>>()
  let [current, follows] = [reference, false]
  let resident: Promise<P> | undefined
  /** A row for each text: of one number, or of one a token. */
  const scores = async (texts: readonly Example[]): Promise<readonly ArrayLike<number>[]> => {
    resident ??= onDevice(backend, current)
    const scored = await run(await resident, sequencesOf(pad(texts, options)))
    const values = await read(backend, scored as Tensor<string>)
    dispose(backend, scored)
    const width = values.length / texts.length
    return texts.map((_, i) => values.slice(i * width, (i + 1) * width))
  }
  const together = (rows: readonly ArrayLike<number>[], seq: number): ReferenceScores => {
    const batch = rows.length
    if (ofTokens) {
      const cells = Float64Array.from({ length: batch * seq }, (_, at) => rows[Math.floor(at / seq)]![at % seq] ?? 0)
      return { tokenReference: tensor({ batch, seq }, cells) }
    }
    const totals = rows.map((row) => row[0]!)
    return { reference: tensor({ batch }, totals) }
  }
  return {
    score: async (texts, seq) => together(await scores(texts), seq),
    known: async (role, members, seq) => {
      if (follows) return together(await scores(textsOf(members)[role] ?? []), seq)
      for (const i of members) {
        if (remembered.has(`${role} ${i}`)) continue
        const others = home.get(i) ?? [i]
        const rows = await scores(textsOf(others)[role] ?? [])
        others.forEach((j, k) => void remembered.set(`${role} ${j}`, rows[k]!))
      }
      const rows = members.map((i) => remembered.get(`${role} ${i}`)!)
      return together(rows, seq)
    },
    refer: (next) => {
      ;[current, follows, resident] = [next, true, undefined]
      remembered.clear()
    },
  }
}
