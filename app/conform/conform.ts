/** Asks an implementation everything about a loss, and says what follows. */
import { type AnyLoss, type Settings, torchFunctions } from '../../halos/index.ts'
import { type Expected, expect, withLimitsOfFloat32 } from '../handover/vectors.ts'
import { findLoss, fullSettings } from '../inputs/losses.ts'
import { type ConformFinding, findingsOf } from './findings.ts'
import type { Implementation } from './protocol.ts'
import { type Asked, questionsFor } from './questions.ts'

/** A loss that is asked about, by its name or file. */
export interface Examined {
  readonly name: string
  readonly settings: Settings
  readonly loss: AnyLoss
}
/** @throws UsageError, DeclarationError */
export const examined = async (name: string, set: Settings): Promise<Examined> => ({
  name,
  settings: await fullSettings(name, set),
  loss: await findLoss(name, set),
})

/** A question, and what halograd finds. */
export interface ConformVector {
  readonly asked: Asked
  readonly expected: Expected
}
/** What is asked of this loss: nothing in parts where parts do not add up, and no setting that the loss refuses. */
export const vectorsFor = async ({ name, settings, loss }: Examined): Promise<readonly ConformVector[]> => {
  const additive = !torchFunctions(loss).wholeBatch
  const vectors: ConformVector[] = []
  for (const asked of questionsFor({ name, settings, needs: loss.needs })) {
    if (asked.parts !== undefined && !additive) continue
    const changed = asked.settings === settings ? loss : await findLoss(name, asked.settings).catch(() => undefined)
    if (changed === undefined) continue
    const backend = asked.dtype === 'float64' ? undefined : withLimitsOfFloat32
    vectors.push({ asked, expected: await expect(changed, { id: asked.id, inputs: asked.plain }, backend) })
  }
  return vectors
}

/** What holds of the implementation, and what does not. @throws ConformError where it cannot be asked */
export const conform = async (subject: Examined, implementation: Implementation): Promise<readonly ConformFinding[]> => {
  const vectors = await vectorsFor(subject)
  const answers = await implementation(vectors.map(({ asked: { property: _, plain: __, ...question } }) => question))
  return findingsOf(vectors.map((vector, i) => ({ ...vector, answer: answers[i]! })))
}
