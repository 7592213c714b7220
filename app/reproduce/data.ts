/** What people have said of answers, and what each kind of loss learns from it: pairs, judged answers, answers with control tokens, or good answers alone. */
import type { Needs } from '../../halos/index.ts'
import { type Example, shuffle, type TrainingExample } from '../../models/index.ts'
import {
  bad,
  type Dice,
  dice,
  drawPreference,
  drawTask,
  embellishment,
  end,
  good,
  mistaken,
  type Preference,
  type WorldTask,
  type WorldTokens,
} from './world.ts'

export interface Data {
  readonly pairs: number
  /** The probability that a preference is recorded the wrong way round. */
  readonly flipped?: number
  /** The fraction of pairs on which two groups of people disagree: each pair is there twice, once either way round. */
  readonly contradictory?: number
  /** Both sides of a dispute are in the same batch, always. */
  readonly together?: true
}

/** What of the data a method that learns from judged answers is given. */
export interface SimulatedFeedback {
  /** The fraction of desirable answers that is kept. */
  readonly desirable?: number
  /** The fraction of undesirable answers that is kept. */
  readonly undesirable?: number
  /** One answer of each pair, desirable or undesirable at random. */
  readonly single?: true
}

/** The preferences of people in the training data. */
export const preferences = ({ pairs, flipped = 0, contradictory }: Data, seed: number): readonly Preference[] => {
  const roll = dice(seed, 2)
  if (contradictory !== undefined) return shuffle(disputes(pairs, contradictory, roll), seed).flat()
  return Array.from({ length: pairs }, () => {
    const preference = drawPreference(roll)
    return roll() < flipped ? reversed(preference) : preference
  })
}

export const reversed = ({ task, chosen, rejected }: Preference): Preference => ({ task, chosen: rejected, rejected: chosen })

/**
 * What two groups of people say who agree that answers should be right, and disagree on whether to go on talking afterwards.
 * Where they agree, a right answer is preferred to a wrong one; where they do not, an answer and the same answer with more words are compared.
 * Two preferences each: both sides of a dispute, or two tasks on which all agree.
 */
const disputes = (pairs: number, contradictory: number, roll: Dice): readonly (readonly Preference[])[] => {
  const disputed = Array.from({ length: Math.round((pairs * contradictory) / 2) }, () => {
    const task = drawTask(roll)
    const said = roll() < 0.5 ? task.answer : mistaken(task.answer, roll)
    const preference = { task, chosen: said, rejected: [...said, ...embellishment(1 + Math.floor(4 * roll()), roll)] }
    return [preference, reversed(preference)]
  })
  const agreed = Array.from({ length: Math.ceil((pairs - 2 * disputed.length) / 2) }, () =>
    [0, 1].map(() => {
      const task = drawTask(roll)
      return { task, chosen: task.answer, rejected: mistaken(task.answer, roll) }
    }),
  )
  return [...disputed, ...agreed]
}

/** The examples of a loss: what it needs decides. Where prompts say the label (CSFT), a control token does. */
export const examplesOf = (
  needs: Pick<Needs, 'pair' | 'label' | 'control'>,
  given: readonly Preference[],
  feedback: SimulatedFeedback,
  seed: number,
): readonly TrainingExample[] => {
  if (needs.pair)
    return given.map(({ task, chosen, rejected }) => ({ chosen: exampleOf(task, chosen), rejected: exampleOf(task, rejected) }))
  return needs.label ? judged(given, needs.control, feedback, seed) : demonstrations(given)
}

/** An answer ends: that is how a model learns to stop. */
const exampleOf = ({ prompt }: WorldTask, said: WorldTokens, control: WorldTokens = []): Example => ({
  prompt: [...prompt, ...control],
  completion: [...said, end],
})

export const demonstrations = (given: readonly Preference[]): readonly TrainingExample[] =>
  given.map(({ task, chosen }) => ({ outcome: exampleOf(task, chosen) }))

/** Every judgement that is kept, those of a preference one after the other. */
const judged = (
  given: readonly Preference[],
  control: boolean,
  { desirable = 1, undesirable = 1, single }: SimulatedFeedback,
  seed: number,
) => {
  const roll = dice(seed, 3)
  const sides = given.map(() => (single ? roll() < 0.5 : undefined))
  const kept = (label: boolean, fraction: number): ReadonlySet<Preference> => {
    const those = given.filter((_, i) => sides[i] === undefined || sides[i] === label)
    return new Set(fraction < 1 ? shuffle(those, seed).slice(0, Math.round(fraction * those.length)) : those)
  }
  const liked = kept(true, desirable)
  const disliked = kept(false, undesirable)
  const as = (label: boolean, { task, chosen, rejected }: Preference) => ({
    outcome: exampleOf(task, label ? chosen : rejected, control ? [label ? good : bad] : []),
    label,
  })
  return given.flatMap((each) => [...(liked.has(each) ? [as(true, each)] : []), ...(disliked.has(each) ? [as(false, each)] : [])])
}
