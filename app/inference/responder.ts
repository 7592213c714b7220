/**
 * A model that answers: conversations in, text out piece by piece. Prompts are the tokens that training makes of the same turns: by the model's chat
 * template, or as `role: content` lines where it has none.
 *
 *     prompt = encode(template(turns) + control)        answer = text of the tokens after it, up to the end of the turn or a stop text
 */
import { either as E } from 'fp-ts'
import type { Backend } from '../../core/index.ts'
import { chatOf, generator, InputError, type SamplingOptions, streamDecoder, type Tokenizer, type Turn } from '../../models/index.ts'
import { onDevice, plain, type ScoredToken } from '../../models/internal.ts'
import type { Checkpoint } from '../inputs/checkpoint.ts'
import { breathe } from '../terminal/terminal.ts'
import { stopping } from './stops.ts'

export interface ModelRequest extends SamplingOptions {
  readonly maxTokens: number
  /** Answers to make at once, each drawn on its own. Default 1. */
  readonly samples?: number
  /** Texts that end an answer, not part of it. */
  readonly stop?: readonly string[]
  /** log p of each token, and of this many of the likeliest in its place. */
  readonly logProbabilities?: number
  /** Aborted when the answer is no longer wanted. */
  readonly signal?: AbortSignal
  /** Called with each piece of text as soon as it is certain. */
  readonly onText?: (text: string, sample: number) => void
}

export interface ModelAnswer {
  readonly text: string
  readonly tokens: number
  readonly ended: 'stop' | 'length'
  readonly scored?: readonly ScoredToken[]
}

export interface Prompt {
  readonly tokens: readonly number[]
  /** Texts that end an answer to it. */
  readonly stop: readonly string[]
  /** Whether the space before an answer belongs to its line, not to the answer. */
  readonly spaced: boolean
}

export interface Responder {
  readonly tokenizer: Tokenizer
  readonly context: number
  /** @throws InputError for turns that the chat template refuses */
  readonly promptOf: (turns: readonly Turn[]) => Prompt
  /** @throws InputError for a prompt that is empty or leaves no room */
  readonly answer: (prompt: Prompt, request: ModelRequest) => Promise<readonly ModelAnswer[]>
}

/** @param control what ends prompts, unseen: default that which the model was trained with */
export const responder = async (backend: Backend, checkpoint: Checkpoint, control?: string): Promise<Responder> => {
  const { model, tokenizer } = checkpoint
  const chat = chatOf(tokenizer)
  const generate = generator(backend, model)
  const parameters = await onDevice(backend, checkpoint.parameters)
  const end = control ?? checkpoint.control?.desirable ?? ''
  const textOf = (turns: readonly Turn[]): string => {
    const rendered = chat
      ? chat.prompt(turns)
      : E.map(({ prompt }: { readonly prompt: string }) => prompt)(plain([...turns, { role: 'assistant', content: '' }]))
    if (E.isLeft(rendered)) throw new InputError(rendered.left)
    return rendered.right
  }
  return {
    tokenizer,
    context: model.config.context,
    promptOf: (turns) => ({
      tokens: tokenizer.encode(textOf(turns) + end, { bos: true }),
      stop: chat === undefined ? ['\nuser:', '\nsystem:'] : [],
      spaced: chat === undefined,
    }),
    answer: async (prompt, { maxTokens, samples = 1, stop = [], signal, onText, ...sampling }) => {
      const streams = Array.from({ length: samples }, (_, sample) => textStream(tokenizer, prompt, stop, (text) => onText?.(text, sample)))
      const made = await generate(parameters, Array<readonly number[]>(samples).fill(prompt.tokens), {
        ...sampling,
        maxTokens,
        until: async (token, sample) => {
          const ended = streams[sample]!.take(token)
          await breathe()
          return ended || signal?.aborted === true
        },
      })
      return made.map(({ tokens, ended, scored }, sample) => ({
        text: streams[sample]!.finish(),
        tokens: tokens.length,
        ended: streams[sample]!.ended() ? 'stop' : ended,
        ...(scored && { scored }),
      }))
    },
  }
}

/** The text of an answer while its tokens come: shown as soon as it is certain, up to a stop. */
const textStream = (tokenizer: Tokenizer, prompt: Prompt, stop: readonly string[], onText: (text: string) => void) => {
  const before = tokenizer.decode(prompt.tokens)
  const [decode, text, ids] = [streamDecoder(tokenizer, prompt.tokens), stopping([...prompt.stop, ...stop]), [...prompt.tokens]]
  let [decoded, shown] = [0, '']
  const show = (piece: string): void => {
    const said = prompt.spaced && shown === '' && piece.startsWith(' ') && text.text() === piece ? piece.slice(1) : piece
    shown += said
    if (said !== '') onText(said)
  }
  const add = (piece: string): void => {
    decoded += piece.length
    show(text.take(piece))
  }
  return {
    take: (token: number): boolean => {
      ids.push(token)
      add(decode(token))
      return text.ended()
    },
    finish: (): string => {
      // Bytes of a character that never became whole.
      if (!text.ended()) add(tokenizer.decode(ids).slice(before.length + decoded))
      show(text.rest())
      return shown
    },
    ended: text.ended,
  }
}
