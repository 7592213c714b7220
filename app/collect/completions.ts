/**
 * `POST /v1/chat/completions`: an answer as OpenAI's API has it, whole or as a stream of server-sent events. Answers are remembered for a while, so that
 * feedback can name them by the id of the completion and the index of the choice.
 */
import { randomUUID } from 'node:crypto'
import type { Turn } from '../../models/index.ts'
import type { ModelAnswer, Responder } from '../inference/responder.ts'
import { ApiError } from './api-error.ts'
import type { CompletionRequest } from './completion-request.ts'
import type { Queue } from './queue.ts'

/** A request that was answered, and its answers by index. */
export interface Remembered {
  readonly turns: readonly Turn[]
  readonly texts: readonly string[]
}

export interface Completing {
  readonly model: Responder
  readonly name: string
  readonly queue: Queue
  readonly remember: (id: string, answered: Remembered) => void
}

/** Where a stream of events goes. */
export type Send = (event: unknown) => void

/** The document of the answer; or nothing where it went to `send`, piece by piece. @throws ApiError */
export const complete = async (
  { model, name, queue, remember }: Completing,
  { turns, request, stream, usage: counted }: CompletionRequest,
  signal: AbortSignal,
  send: Send,
): Promise<unknown> => {
  const prompt = model.promptOf(turns)
  if (prompt.tokens.length >= model.context)
    throw new ApiError(
      400,
      'context_length_exceeded',
      `the messages have ${prompt.tokens.length} tokens, and the model takes ${model.context}, the answer included`,
      'messages',
    )
  const base = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model: name }
  const chunk = (choices: readonly unknown[], more = {}): void =>
    send({ ...base, object: 'chat.completion.chunk', choices, ...(counted && { usage: null }), ...more })
  const part = (index: number, delta: unknown, finish: string | null, answer?: ModelAnswer): void =>
    chunk([{ index, delta, logprobs: logprobs(model, answer), finish_reason: finish }])
  const answers = await queue(async () => {
    if (stream) for (let i = 0; i < request.samples; i++) part(i, { role: 'assistant', content: '' }, null)
    return model.answer(prompt, { ...request, signal, ...(stream && { onText: (content, i) => part(i, { content }, null) }) })
  }, signal)
  if (signal.aborted) throw new ApiError(408, 'timeout', 'the answer took too long, and was ended')
  remember(base.id, { turns, texts: answers.map(({ text }) => text) })
  const completionTokens = answers.reduce((sum, { tokens }) => sum + tokens, 0)
  const [prompt_tokens, completion_tokens] = [prompt.tokens.length, completionTokens]
  const usage = { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens }
  if (stream) {
    for (const [i, answer] of answers.entries()) part(i, {}, answer.ended, answer)
    if (counted) chunk([], { usage })
    return undefined
  }
  const choices = answers.map((answer, index) => ({
    index,
    message: { role: 'assistant', content: answer.text, refusal: null },
    logprobs: logprobs(model, answer),
    finish_reason: answer.ended,
  }))
  return { ...base, object: 'chat.completion', choices, usage }
}

/** Of each token, in nats; a stream tells them with the end of the choice. */
const logprobs = ({ tokenizer }: Responder, answer?: ModelAnswer) => {
  if (answer?.scored === undefined) return null
  const said = ({ token, logProbability }: { readonly token: number; readonly logProbability: number }) => {
    const text = tokenizer.decode([token])
    return { token: text, logprob: Math.max(logProbability, -9999), bytes: [...Buffer.from(text)] }
  }
  return { content: answer.scored.map((each) => ({ ...said(each), top_logprobs: each.likeliest.map(said) })), refusal: null }
}
