/**
 * `POST /v1/feedback`: what a person says of an answer.
 *
 *     {"id": "chatcmpl-…", "index": 0, "verdict": "up" | "down"}        {"id", "index", "correction": "…"}        {"id", "index", "preferred_over": 1}
 *     {"messages": […], "completion": "…", "verdict": …}                of an answer that this server has not given, or no longer remembers
 *
 * An answer is judged once: the same again changes nothing, so that a client may try again; anything else is a conflict.
 */
import { randomUUID } from 'node:crypto'
import { ApiError, invalid } from './api-error.ts'
import { type RequestJson, turnsOf } from './completion-request.ts'
import type { Remembered } from './completions.ts'
import type { Feedback, RatedAnswer } from './feedback.ts'

export interface FeedbackRequest {
  readonly answered: RatedAnswer
  readonly feedback: Feedback
}

/** @throws ApiError naming the field */
export const feedbackRequest = (body: RequestJson, recall: (id: string) => Remembered | undefined): FeedbackRequest => {
  if (body.messages !== undefined) {
    const completion = textIn(body, 'completion')
    const id = typeof body.id === 'string' ? body.id : randomUUID()
    return { answered: { id, prompt: turnsOf(body.messages), completion }, feedback: feedbackOf(body, []) }
  }
  const id = textIn(body, 'id')
  const found = recall(id)
  if (found === undefined)
    throw new ApiError(404, 'answer_not_found', `no answer ${id} is remembered: send its messages and completion instead`, 'id')
  const index = indexIn(body, 'index', found.texts) ?? 0
  const completion = found.texts[index]!
  if (completion.trim() === '') throw new ApiError(400, 'empty_answer', 'the answer is empty: there is nothing to learn from it', 'index')
  return { answered: { id: `${id}/${index}`, prompt: found.turns, completion }, feedback: feedbackOf(body, found.texts) }
}

const verdicts: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  ...['up', '👍', true, 1].map((up): [unknown, boolean] => [up, true]),
  ...['down', '👎', false, -1].map((down): [unknown, boolean] => [down, false]),
])

const feedbackOf = (body: RequestJson, texts: readonly string[]): Feedback => {
  const given = ['verdict', 'correction', 'preferred_over'].filter((field) => (body[field] ?? undefined) !== undefined)
  if (given.length !== 1)
    throw new ApiError(
      400,
      'invalid_value',
      `expected one of verdict, correction and preferred_over, found ${given.join(' and ') || 'none'}`,
    )
  if (given[0] === 'correction') return { kind: 'correction', text: textIn(body, 'correction') }
  if (given[0] === 'preferred_over') {
    const rejected = texts[indexIn(body, 'preferred_over', texts) ?? -1]
    if (rejected === undefined || rejected.trim() === '' || rejected === texts[indexIn(body, 'index', texts) ?? 0])
      throw invalid('preferred_over', 'the index of another answer of other words', body.preferred_over)
    return { kind: 'choice', rejected }
  }
  const label = verdicts.get(body.verdict)
  if (label === undefined) throw invalid('verdict', '"up" or "down"', body.verdict)
  return { kind: 'thumbs', label }
}

const textIn = (body: RequestJson, field: string): string => {
  const value = body[field]
  if (typeof value === 'string' && value.trim() !== '') return value
  throw invalid(field, 'a text', value)
}

const indexIn = (body: RequestJson, field: string, texts: readonly string[]): number | undefined => {
  const value = body[field] ?? undefined
  if (value === undefined) return undefined
  if (typeof value === 'number' && texts[value] !== undefined) return value
  throw invalid(field, `an index from 0 to ${texts.length - 1}`, value)
}
