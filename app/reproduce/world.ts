/**
 * The small world: a task whose answers can be wrong and verbose, people who answer it badly, and an oracle that knows how good an answer is.
 *
 *     prompt   Q op a₁ … aₙ · · A        3 ≤ n ≤ 6 letters of ten, padded to nine tokens; op shifts every letter by 0, 1 or 3
 *     answer   b₁ … bₙ <end>             bᵢ = aᵢ + shift mod 10
 *     r(y)     4 · (positions that are right) / n − ¼ |tokens too many or too few|
 *
 * People prefer y₁ to y₂ with probability σ(r(y₁) − r(y₂)) (Bradley & Terry), as the theory of preference learning assumes.
 */
import { uniform } from '../../core/internal.ts'
import { seedFor } from '../../models/internal.ts'

export type WorldTokens = readonly number[]

export const padding = 0
export const end = 1
const [question, answer, firstOperation] = [2, 3, 4]
/** Control tokens, which say before an answer how good it will be. */
export const good = 7
export const bad = 8
const [firstLetter, letters, firstFiller, fillers] = [9, 10, 19, 8]
export const vocabulary = 27
const shifts = [0, 1, 3] as const
const mostLetters = 6
/** Tokens that an answer may have: enough for the longest person, and room to ramble. */
export const longestAnswer = 24

export interface WorldTask {
  readonly prompt: WorldTokens
  /** Without the token that ends it. */
  readonly answer: WorldTokens
}

/** Two answers to a task, the better one first, as somebody judged. */
export interface Preference {
  readonly task: WorldTask
  readonly chosen: WorldTokens
  readonly rejected: WorldTokens
}

/** Random numbers in [0, 1), decided by a seed and what they are for. */
export type Dice = () => number
export const dice = (seed: number, ...purpose: readonly number[]): Dice => {
  const stream = seedFor(seed, ...purpose)
  let drawn = 0
  return () => uniform(stream, 0, drawn++)
}
const below = (n: number, roll: Dice): number => Math.floor(roll() * n)

export const drawTask = (roll: Dice): WorldTask => {
  const operation = below(shifts.length, roll)
  const given = Array.from({ length: 3 + below(mostLetters - 2, roll) }, () => below(letters, roll))
  const rest = Array.from({ length: mostLetters - given.length }, () => padding)
  return {
    prompt: [question, firstOperation + operation, ...given.map((letter) => firstLetter + letter), ...rest, answer],
    answer: given.map((letter) => firstLetter + ((letter + shifts[operation]!) % letters)),
  }
}

/** `count` tokens that mean nothing. */
export const embellishment = (count: number, roll: Dice): WorldTokens =>
  Array.from({ length: count }, () => firstFiller + below(fillers, roll))
/** The answer with one or two letters replaced at random. */
export const mistaken = (right: WorldTokens, roll: Dice): WorldTokens => {
  const wrong = [...right]
  for (let errors = 1 + below(2, roll); errors > 0; errors--) wrong[below(wrong.length, roll)] = firstLetter + below(letters, roll)
  return wrong
}

/** What a person answers: half of them make mistakes, two in five go on talking. */
export const person = ({ answer }: WorldTask, roll: Dice): WorldTokens => {
  const said = roll() < 0.5 ? mistaken(answer, roll) : answer
  return roll() < 0.4 ? [...said, ...embellishment(1 + below(6, roll), roll)] : said
}

const correct = ({ answer }: WorldTask, said: WorldTokens): number => answer.filter((token, i) => said[i] === token).length / answer.length

/** The oracle. */
export const reward = (task: WorldTask, said: WorldTokens): number =>
  4 * correct(task, said) - Math.abs(said.length - task.answer.length) / 4

/** Somebody who likes up to six words more than are needed, as much as the oracle dislikes them; and is otherwise of its opinion. */
export const talkativeReward = (task: WorldTask, said: WorldTokens): number => {
  const more = said.length - task.answer.length
  return 4 * correct(task, said) + (more <= 6 ? more : 12 - more) / 4
}

/** Two people answer, a third prefers. */
export const drawPreference = (roll: Dice): Preference => {
  const task = drawTask(roll)
  const [one, two] = [person(task, roll), person(task, roll)]
  const prefers = roll() < 1 / (1 + Math.exp(reward(task, two) - reward(task, one)))
  return prefers ? { task, chosen: one, rejected: two } : { task, chosen: two, rejected: one }
}

/** Text to pre-train on: people asking and answering, one after the other, cut anywhere. An answer is followed by <end> with probability `ends`. */
export const webText = (windows: number, length: number, ends: number, seed: number): readonly WorldTokens[] => {
  const roll = dice(seed, 1)
  const text: number[] = []
  while (text.length < windows * length) {
    const task = drawTask(roll)
    text.push(...task.prompt, ...person(task, roll), ...(roll() < ends ? [end] : []))
  }
  return Array.from({ length: windows }, (_, i) => text.slice(i * length, (i + 1) * length))
}
