/**
 * A request of OpenAI's chat completions API, read whole or refused by the field that is wrong. What would change the answer and is not supported is
 * refused by name; what does not (`user`, `metadata`, …) is ignored.
 */
import { either as E } from 'fp-ts'
import type { Turn } from '../../models/index.ts'
import { promptOf } from '../../models/internal.ts'
import type { ModelRequest } from '../inference/responder.ts'
import { ApiError, invalid } from './api-error.ts'

export type RequestJson = Readonly<Record<string, unknown>>

export interface CompletionRequest {
  readonly turns: readonly Turn[]
  readonly request: ModelRequest & { readonly samples: number }
  readonly stream: boolean
  /** Whether a stream ends with how many tokens there were. */
  readonly usage: boolean
}

export interface Defaults {
  readonly maxTokens: number
  readonly temperature: number
  readonly seed: number
}

/** Fields that change what is answered, and the values that ask for nothing. */
const unsupported: readonly (readonly [field: string, harmless: (value: unknown) => boolean])[] = [
  ['tools', isEmpty],
  ['functions', isEmpty],
  ['tool_choice', (value) => value === 'none' || value === 'auto'],
  ['response_format', (value) => Object(value).type === 'text'],
  ['frequency_penalty', (value) => value === 0],
  ['presence_penalty', (value) => value === 0],
  ['logit_bias', (value) => Object.keys(Object(value)).length === 0],
  ['audio', () => false],
  ['modalities', (value) => JSON.stringify(value) === '["text"]'],
]

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

/** @throws ApiError naming the field */
export const completionRequest = (body: RequestJson, defaults: Defaults): CompletionRequest => {
  for (const [field, harmless] of unsupported)
    if ((body[field] ?? undefined) !== undefined && !harmless(body[field]))
      throw new ApiError(400, 'unsupported_parameter', `${field} is not supported: leave it out`, field)
  const logProbabilities = body.logprobs === true ? (number(body, 'top_logprobs', 0, 20, true) ?? 0) : undefined
  const [most, topK] = [maxTokens(body) ?? defaults.maxTokens, number(body, 'top_k', 1, 2 ** 31, true)]
  const [topP, minP] = [number(body, 'top_p', 0, 1), number(body, 'min_p', 0, 1)]
  const penalty = number(body, 'repetition_penalty', Number.MIN_VALUE, 1000)
  return {
    turns: turnsOf(body.messages),
    stream: flag(body, 'stream'),
    usage: Object(body.stream_options).include_usage === true,
    request: {
      ...{ maxTokens: most, samples: number(body, 'n', 1, 128, true) ?? 1, stop: stopsOf(body.stop) },
      ...{ temperature: number(body, 'temperature', 0, 2) ?? defaults.temperature, seed: seedOf(body) ?? defaults.seed },
      ...(topP !== undefined && topP < 1 && { topP: Math.max(topP, Number.EPSILON) }),
      ...(topK !== undefined && { topK }),
      ...(minP !== undefined && { minP }),
      ...(penalty !== undefined && { repetitionPenalty: penalty }),
      ...(logProbabilities !== undefined && { logProbabilities }),
    },
  }
}

/** @throws ApiError naming the turn */
export const turnsOf = (messages: unknown): readonly Turn[] => {
  if (!Array.isArray(messages)) throw invalid('messages', 'a list of {role, content}', messages)
  const turns = promptOf(messages, 'messages')
  if (E.isRight(turns)) return turns.right
  const flaws = turns.left.map(({ field, expected, found }) => `${field}: expected ${expected}, found ${found}`)
  throw new ApiError(400, 'invalid_value', flaws.join('; '), turns.left[0]?.field ?? 'messages')
}

const maxTokens = (body: RequestJson): number | undefined =>
  number(body, 'max_completion_tokens', 1, 2 ** 31, true) ?? number(body, 'max_tokens', 1, 2 ** 31, true)

/** Any integer: those that are no seed of halograd's are folded into its range. */
const seedOf = (body: RequestJson): number | undefined => {
  const seed = number(body, 'seed', -(2 ** 53), 2 ** 53, true)
  return seed === undefined ? undefined : ((seed % 2 ** 31) + 2 ** 31) % 2 ** 31
}

const stopsOf = (stop: unknown): readonly string[] => {
  const stops = stop === undefined || stop === null ? [] : Array.isArray(stop) ? stop : [stop]
  if (stops.length > 16 || !stops.every((each) => typeof each === 'string' && each !== ''))
    throw invalid('stop', 'a text, or a list of at most 16', stop)
  return stops
}

const number = (body: RequestJson, field: string, least: number, most: number, whole = false): number | undefined => {
  const value = body[field] ?? undefined
  if (value === undefined) return undefined
  if (typeof value === 'number' && value >= least && value <= most && (!whole || Number.isInteger(value))) return value
  throw invalid(field, `${whole ? 'an integer' : 'a number'} from ${least} to ${most}`, value)
}

const flag = (body: RequestJson, field: string): boolean => {
  const value = body[field] ?? false
  if (typeof value !== 'boolean') throw invalid(field, 'true or false', value)
  return value
}
