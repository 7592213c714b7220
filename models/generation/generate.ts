/**
 * Text, one token at a time: greedy or sampled, many prompts at once, with the keys and values of the past kept on the device.
 * A prompt's continuation depends on the parameters, the prompt, the options and its position in the list; not on how prompts are batched.
 */
import { type Backend, compile, compileStep, dispose, read, type Tensor, tensor } from '../../core/index.ts'
import { checkTokens } from '../data/example.ts'
import { InputError } from '../io/errors.ts'
import type { KVCache } from '../nets/decoder.ts'
import type { Parameters } from '../nets/layout.ts'
import { onDevice } from '../nets/resident.ts'
import type { Transformer } from '../nets/transformer.ts'
import { pick, type SamplingOptions } from './sample.ts'

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
}

/** The continuation of one prompt. */
export interface Generated {
  /** The continuation, without the prompt. */
  readonly tokens: readonly number[]
  /** Whether a stop token ended it, or the room did. */
  readonly ended: 'stop' | 'length'
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
  const { context, eos, stop: ends = eos === undefined ? [] : [eos], gaps = [], rope } = model.config
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
    const { maxTokens, stop = ends, onToken } = options
    const batch = prompts.length
    const rows = prompts.map((prompt, row) => ({
      row,
      text: [...prompt],
      end: Math.min(prompt.length + maxTokens, context),
      stopped: false,
    }))
    const growing = () => rows.filter(({ text, end, stopped }) => !stopped && text.length < end)
    const longest = Math.max(...rows.map(({ end }) => end))
    // LongRoPE rotates texts within its original context otherwise than longer ones: rounding up must not make them such.
    const most = rope?.type === 'longrope' && longest <= rope.original ? rope.original : context
    const room = Math.min(most, 2 ** Math.ceil(Math.log2(longest)))
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
          const number = first + row.row
          const scores = values.subarray(row.row * vocab, (row.row + 1) * vocab)
          for (const gap of gaps) scores[gap] = -Infinity
          const token = pick(scores, options, position, number)
          row.stopped = stop.includes(token)
          if (row.stopped) continue
          row.text.push(token)
          onToken?.(token, number)
        }
      }
      dispose(backend, scores)
      if (growing().length === 0) break
      const latest = rows.map(({ text }) => text[position] ?? 0)
      ;[memory, scores] = await advance(memory, parameters, tensor({ batch }, latest), tensor({}, [position]))
    }
    dispose(backend, memory)
    return rows.map(({ row, text, stopped }) => ({ tokens: text.slice(prompts[row]!.length), ended: stopped ? 'stop' : 'length' }))
  }

  return async (parameters, prompts, options) => {
    for (const [i, prompt] of prompts.entries()) {
      checkTokens(prompt, model.config.vocab, `prompts[${i}]`)
      if (prompt.length === 0 || prompt.length >= context)
        throw new InputError({
          field: `prompts[${i}]`,
          expected: `1 to ${context - 1} tokens`,
          found: String(prompt.length),
          advice: 'Begin with the token that begins texts, or shorten the prompt to leave room for an answer.',
        })
    }
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
