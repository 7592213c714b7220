/**
 * What a record means, by the fields it has: the shapes that people write, and those of published preference data.
 *
 *     {prompt, completion, label}               a judged completion; prompt and completion may be lists of turns (TRL)
 *     {prompt, chosen, rejected}                a preference; chosen and rejected may be conversations (UltraFeedback, binarized)
 *     {chosen, rejected}                        conversations, or transcripts "\n\nHuman: …\n\nAssistant: …" (Anthropic HH-RLHF)
 *     {history, human_ref_A, human_ref_B, labels}   two answers to a post, of which A was preferred where labels is 1 (Stanford SHP)
 *     {instruction, completions: [{response, overall_score}]}   the answers of highest and lowest score (UltraFeedback)
 *     {prompt, completion}                      a demonstration
 *     {messages}                                a conversation, whose last turn is the completion; with label a judged one
 *     {text}                                    plain text
 *
 * Any of them may have a `weight`, from 0 on: how much it counts, beside others of 1.
 */
import { either as E } from 'fp-ts'
import { show } from '../io/errors.ts'
import { isObject, type Json } from '../io/fields.ts'
import type { Flaw } from '../io/records.ts'
import { isTranscript, type Render, type Turn, transcriptTurns, turnsOf, withoutText } from '../text/conversation.ts'
import type { Row } from './rows.ts'

/** The row that a record means, or everything that is wrong with it. Fields of no meaning here are ignored. */
export const rowOf = (json: Json, render: Render): E.Either<readonly Flaw[], Row> => {
  const flaws: Flaw[] = []
  const row = shaped(json, render, flaws)
  const weight = weightOf(json, flaws)
  return row === undefined || flaws.length > 0 ? E.left(flaws) : E.right(weight === undefined ? row : { ...row, weight })
}

const weightOf = ({ weight }: Json, flaws: Flaw[]): number | undefined => {
  if (weight === undefined || weight === null || (typeof weight === 'number' && weight >= 0 && Number.isFinite(weight)))
    return weight ?? undefined
  flaws.push({
    field: 'weight',
    expected: 'a number of 0 or more',
    found: show(weight),
    advice: 'Weigh a line 1 to count as any other, 0 not at all.',
  })
  return undefined
}

/** A flawed field adds to `flaws`, and reads as empty. */
const shaped = (json: Json, render: Render, flaws: Flaw[]): Row | undefined => {
  const has = (...fields: readonly string[]) => fields.some((field) => json[field] !== undefined)
  if (has('human_ref_A', 'human_ref_B')) return answers(json, render, flaws)
  if (Array.isArray(json.completions)) return scored(json, json.completions, render, flaws)
  if (isTranscript(json.chosen) && isTranscript(json.rejected))
    return compared(transcriptTurns(json.chosen, 'chosen'), transcriptTurns(json.rejected, 'rejected'), render, flaws)
  if (Array.isArray(json.chosen) || Array.isArray(json.rejected))
    return compared(
      turnsOf(after(json.prompt, json.chosen), 'chosen'),
      turnsOf(after(json.prompt, json.rejected), 'rejected'),
      render,
      flaws,
    )
  if (has('chosen', 'rejected'))
    return {
      tag: 'paired',
      prompt: textField(json, 'prompt', flaws),
      chosen: filledField(json, 'chosen', flaws),
      rejected: filledField(json, 'rejected', flaws),
    }
  if (Array.isArray(json.completion)) return conversation(json, after(json.prompt, json.completion), 'completion', render, flaws)
  if (has('messages')) return conversation(json, json.messages, 'messages', render, flaws)
  if (has('prompt', 'completion', 'label'))
    return judged(json, textField(json, 'prompt', flaws), filledField(json, 'completion', flaws), flaws)
  if (has('text')) return { tag: 'text', text: filledField(json, 'text', flaws) }
  flaws.push({
    expected: 'prompt, completion and label; prompt, chosen and rejected; messages; or text',
    found: Object.keys(json).length === 0 ? 'no fields' : `the fields ${show(Object.keys(json))}`,
    advice: 'Rename the fields to one of these shapes.',
  })
  return undefined
}

// ------------------------------------------------------------------ texts

const judged = (json: Json, prompt: string, completion: string, flaws: Flaw[]): Row => {
  if (json.label === undefined) return { tag: 'demonstration', prompt, completion }
  if (typeof json.label !== 'boolean')
    flaws.push({
      field: 'label',
      expected: 'true or false',
      found: show(json.label),
      advice: 'Write true for a desirable completion, false for an undesirable one, without quotes.',
    })
  return { tag: 'labelled', prompt, completion, label: json.label === true }
}

const textField = (json: Json, field: string, flaws: Flaw[]): string => {
  const value = json[field]
  if (typeof value === 'string') return value
  flaws.push({ field, expected: 'a string', found: show(value), advice: value === undefined ? 'Add the field.' : 'Make it a string.' })
  return ''
}

const filledField = (json: Json, field: string, flaws: Flaw[]): string => {
  const text = textField(json, field, flaws)
  if (typeof json[field] === 'string' && text.trim() === '')
    flaws.push({ field, expected: 'a text', found: show(text), advice: withoutText })
  return text
}

// ------------------------------------------------------------------ conversations

/** The turns of the prompt, where it has any, before those of a completion. */
const after = (prompt: unknown, turns: unknown): unknown => (Array.isArray(prompt) && Array.isArray(turns) ? [...prompt, ...turns] : turns)

const conversation = (json: Json, messages: unknown, field: string, render: Render, flaws: Flaw[]): Row | undefined => {
  const rendered = E.flatMap(turnsOf(messages, field), (turns) => E.mapLeft((flaw: Flaw) => [flaw])(render(turns)))
  if (E.isRight(rendered)) return judged(json, rendered.right.prompt, rendered.right.completion, flaws)
  flaws.push(...rendered.left)
  return undefined
}

type Turns = E.Either<readonly Flaw[], readonly Turn[]>

/** Two conversations that differ in their last turn only. */
const compared = (chosen: Turns, rejected: Turns, render: Render, flaws: Flaw[]): Row | undefined => {
  for (const turns of [chosen, rejected]) if (E.isLeft(turns)) flaws.push(...turns.left)
  if (E.isLeft(chosen) || E.isLeft(rejected)) return undefined
  const before = (turns: readonly Turn[]) => JSON.stringify(turns.slice(0, -1).map(({ role, content }) => [role, content]))
  if (before(chosen.right) !== before(rejected.right)) {
    flaws.push({
      field: 'rejected',
      expected: 'the turns of chosen, up to the last',
      found: 'other ones',
      advice: 'Remove the line: completions of different prompts are no preference.',
    })
    return undefined
  }
  const [better, worse] = [render(chosen.right), render(rejected.right)]
  for (const text of [better, worse]) if (E.isLeft(text)) flaws.push(text.left)
  if (E.isLeft(better) || E.isLeft(worse)) return undefined
  return { tag: 'paired', prompt: better.right.prompt, chosen: better.right.completion, rejected: worse.right.completion }
}

/** A question and two answers to it, as conversations. */
const question = (text: string, chosen: string, rejected: string, render: Render, flaws: Flaw[]): Row | undefined => {
  const turns = (answer: string): Turns =>
    turnsOf(
      [
        { role: 'user', content: text },
        { role: 'assistant', content: answer },
      ],
      'answer',
    )
  return flaws.length > 0 ? undefined : compared(turns(chosen), turns(rejected), render, flaws)
}

// ------------------------------------------------------------------ published data sets

/** Ethayarajh et al. (2022), "Understanding dataset difficulty with V-usable information": reddit posts with two comments. */
const answers = (json: Json, render: Render, flaws: Flaw[]): Row | undefined => {
  const [history, a, b] = [
    textField(json, 'history', flaws),
    filledField(json, 'human_ref_A', flaws),
    filledField(json, 'human_ref_B', flaws),
  ]
  if (json.labels !== 0 && json.labels !== 1)
    flaws.push({ field: 'labels', expected: '1 (A was preferred) or 0 (B was)', found: show(json.labels), advice: 'Correct the field.' })
  return json.labels === 1 ? question(history, a, b, render, flaws) : question(history, b, a, render, flaws)
}

/** Cui et al. (2023), arXiv:2310.01377: several answers, each with a score. Its own advice: the best against a worse one. */
const scored = (json: Json, completions: readonly unknown[], render: Render, flaws: Flaw[]): Row | undefined => {
  const instruction = textField(json, 'instruction', flaws)
  const candidates = completions.map((completion, i) => {
    const { response, overall_score: score } = isObject(completion) ? completion : {}
    if (typeof response === 'string' && typeof score === 'number') return { response, score }
    flaws.push({
      field: `completions[${i}]`,
      expected: '{response, overall_score}, a string and a number',
      found: show(completion),
      advice: 'Correct or remove it.',
    })
    return { response: '', score: 0 }
  })
  const [first, ...others] = candidates.toSorted((x, y) => y.score - x.score)
  const last = others.at(-1)
  if (flaws.length > 0) return undefined
  if (first !== undefined && last !== undefined && first.score > last.score)
    return question(instruction, first.response, last.response, render, flaws)
  flaws.push({
    field: 'completions',
    expected: 'two of different overall_score',
    found: `the scores ${show(candidates.map(({ score }) => score))}`,
    advice: 'Remove the line: it states no preference.',
  })
  return undefined
}
