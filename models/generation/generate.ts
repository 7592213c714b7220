/**
 * Text, one token at a time: greedy or sampled, many prompts at once, with the keys and values of the past kept on the device.
 * A prompt's continuation depends on the parameters, the prompt, the options and its position in the list; not on how prompts are batched.
 */
import { type Backend, compile, compileStep, dispose, read, type Tensor, tensor } from '../../core/index.ts'
import { checkTokens } from '../data/example.ts'
import { InputError } from '../io/errors.ts'
import type { ModelConfig } from '../nets/config.ts'
import type { KVCache } from '../nets/decoder.ts'
import type { Parameters } from '../nets/layout.ts'
import { onDevice } from '../nets/resident.ts'
import type { Transformer } from '../nets/transformer.ts'
import { penalize, pick, type SamplingOptions, type ScoredToken, scored } from './sample.ts'

/** How texts are generated. */
export interface GenerateOptions extends SamplingOptions {
  /** The most tokens to add. The model's context ends a text, too. */
  readonly maxTokens: number
  /** Tokens that end a text; not part of it. Default: those of the model. */
  readonly stop?: readonly number[]
  /** Prompts run at once. Default 64. */
  readonly batch?: number
  /** Called with each new token, as soon as it is known. */
  readonly onToken?: (token: number, prompt: number) => void
  /** Asked after each new token, which stays part of the text: whether it ends there. */
  readonly until?: (token: number, prompt: number) => boolean | Promise<boolean>
  /** Keep log p of each token, and of so many of the likeliest in its place. */
  readonly logProbabilities?: number
}

/** The continuation of one prompt. */
export interface Generated {
  /** The continuation, without the prompt. */
  readonly tokens: readonly number[]
  /** Whether a stop token ended it, or the room did. */
  readonly ended: 'stop' | 'length'
  /** One a token, where `logProbabilities` asked for them. */
  readonly scored?: readonly ScoredToken[]
}

/** Compiled once, for any number of calls. */
export type Generate<P = Parameters> = (
  parameters: P,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions,
) => Promise<readonly Generated[]>

/**
 * Generation by a model, compiled once: prompts of tokens become continuations, sampled with a KV cache.
 * @throws InputError (from the result) for an empty prompt, or one that fills the context
 * @example
 * ```ts
 * import { wasm } from 'halograd/backends/wasm'
 * import { generator, loadModel } from 'halograd/models'
 * export const complete = async (directory: string, text: string) => {
 *   const { model, parameters, tokenizer } = await loadModel(directory)
 *   const generate = generator(await wasm(), model)
 *   const [first] = await generate(parameters, [tokenizer.encode(text)], { maxTokens: 20, temperature: 0 })
 *   return tokenizer.decode(first?.tokens ?? [])
 * }
 * ```
 */
export const generator = <P>(backend: Backend, model: Transformer<P>): Generate<P> => {
  const { context, eos, stop: ends = eos === undefined ? [] : [eos], gaps = [] } = model.config
  const beginnings = new Map<number, ReturnType<typeof beginning>>()
  const beginning = (room: number) =>
    compile(backend, (parameters: P, tokens: Tensor<'batch' | 'seq'>) => {
      const [scores, memory] = model.begin(parameters, tokens, room)
      return { scores, memory }
    })
  const advance = compileStep(backend, (memory: KVCache, parameters: P, tokens: Tensor<'batch'>, position: Tensor) => {
    const [scores, remembered] = model.advance(parameters, memory, tokens, position)
    return [remembered, scores] as const
  })

  const together = async (
    parameters: P,
    prompts: readonly (readonly number[])[],
    first: number,
    options: GenerateOptions,
  ): Promise<readonly Generated[]> => {
    const batch = prompts.length
    const rows = prompts.map((prompt, i) => beginRow(prompt, first + i, Math.min(prompt.length + options.maxTokens, context)))
    const growing = () => rows.filter(({ text, end, stopped }) => !stopped && text.length < end)
    const room = roomFor(Math.max(...rows.map(({ end }) => end)), model.config)
    const begin = beginnings.get(room) ?? beginning(room)
    beginnings.set(room, begin)
    let position = shared(prompts)
    const heads = rows.flatMap(({ text }) => text.slice(0, position))
    let { scores, memory } = await begin(parameters, tensor({ batch, seq: position }, heads))
    for (; ; position++) {
      // `scores` are those after the first `position` tokens of every text.
      const due = growing().filter(({ text }) => text.length === position)
      if (due.length > 0) {
        const values = await read(backend, scores, 'batch', 'vocab')
        const vocab = values.length / batch
        for (const row of due) {
          const logits = values.subarray((row.number - first) * vocab, (row.number - first + 1) * vocab)
          for (const gap of gaps) logits[gap] = -Infinity
          await extend(row, logits, options, ends)
        }
      }
      dispose(backend, scores)
      if (growing().length === 0) break
      const latest = rows.map(({ text }) => text[position] ?? 0)
      ;[memory, scores] = await advance(memory, parameters, tensor({ batch }, latest), tensor({}, [position]))
    }
    dispose(backend, memory)
    return rows.map(({ text, stopped, scored }, i) => ({
      ...{ tokens: text.slice(prompts[i]!.length), ended: stopped ? 'stop' : 'length' },
      ...(options.logProbabilities !== undefined && { scored }),
    }))
  }

  return async (parameters, prompts, options) => {
    checkPrompts(prompts, model.config.vocab, context)
    const { batch = 64 } = options
    const resident = await onDevice(backend, parameters)
    const results: Generated[] = []
    for (let first = 0; first < prompts.length; first += batch)
      results.push(...(await together(resident, prompts.slice(first, first + batch), first, options)))
    if (resident !== parameters) dispose(backend, resident)
    return results
  }
}

/** How many tokens all prompts have at least, rounded down to a power of two: those are run at once, and programs are few. */
const shared = (prompts: readonly (readonly number[])[]): number =>
  2 ** Math.floor(Math.log2(Math.min(...prompts.map(({ length }) => length))))

/** Tokens that a cache has room for: a power of two, so that programs are few. */
const roomFor = (longest: number, { context, rope }: ModelConfig): number => {
  // LongRoPE rotates texts within its original context otherwise than longer ones: rounding up must not make them such.
  const most = rope?.type === 'longrope' && longest <= rope.original ? rope.original : context
  return Math.min(most, 2 ** Math.ceil(Math.log2(longest)))
}

/** @throws InputError */
const checkPrompts = (prompts: readonly (readonly number[])[], vocab: number, context: number): void => {
  for (const [i, prompt] of prompts.entries()) {
    checkTokens(prompt, vocab, `prompts[${i}]`)
    if (prompt.length === 0 || prompt.length >= context)
      throw new InputError({
        field: `prompts[${i}]`,
        expected: `1 to ${context - 1} tokens`,
        found: String(prompt.length),
        advice: 'Begin with the token that begins texts, or shorten the prompt to leave room for an answer.',
      })
  }
}

/** A text that grows, and where it must end. */
interface TextRow {
  /** Of its prompt, in the list of all prompts. */
  readonly number: number
  readonly text: number[]
  readonly end: number
  readonly scored: ScoredToken[]
  stopped: boolean
}
const beginRow = (prompt: readonly number[], number: number, end: number): TextRow => ({
  ...{ number, text: [...prompt], end, scored: [], stopped: false },
})

/** One more token, drawn from the logits after the text, which are changed; or the end. */
const extend = async (
  row: TextRow,
  logits: Float32Array | Float64Array,
  options: GenerateOptions,
  ends: readonly number[],
): Promise<void> => {
  const { stop = ends, onToken, until, logProbabilities, repetitionPenalty = 1 } = options
  const own = logProbabilities === undefined ? undefined : logits.slice()
  if (repetitionPenalty !== 1) penalize(logits, row.text, repetitionPenalty)
  const token = pick(logits, options, row.text.length, row.number)
  row.stopped = stop.includes(token)
  if (row.stopped) return
  row.text.push(token)
  if (own !== undefined) row.scored.push(scored(own, token, logProbabilities!))
  onToken?.(token, row.number)
  row.stopped = until !== undefined && (await until(token, row.number))
}
