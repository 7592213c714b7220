/**
 * Answers of the current model: k to each prompt of a round, by fixed seeds. A round has its own slice of the prompts, so that no prompt is asked twice.
 *
 *     round r: prompts[(r − 1) n … r n)        measured: the same prompts and random numbers in every round
 */
import type { Backend } from '../../core/index.ts'
import { type Example, generator, type Parameters, type SamplingOptions, type Tokenizer, type Transformer } from '../../models/index.ts'
import { Interrupted } from '../terminal/errors.ts'
import { count, progress } from '../terminal/progress.ts'
import { breathe, type Terminal } from '../terminal/terminal.ts'

export interface RoundPrompt {
  readonly text: string
  readonly tokens: readonly number[]
}

export interface RoundAnswer {
  readonly text: string
  readonly tokens: readonly number[]
  /** The model ended it, not --max-tokens. */
  readonly ended: boolean
}

/** A prompt and the answers to it. */
export interface AnswerGroup {
  readonly prompt: RoundPrompt
  readonly answers: readonly RoundAnswer[]
}

export interface AnswerOptions extends SamplingOptions {
  readonly maxTokens: number
  readonly batch: number
}

/** Writes `samples` answers to each prompt; the programs are compiled once. @throws Interrupted */
export type AnswerWriter = (
  parameters: Parameters,
  prompts: readonly RoundPrompt[],
  choice: { readonly title: string; readonly samples: number; readonly seed: number },
) => Promise<readonly AnswerGroup[]>

export const answerWriter = (
  terminal: Terminal,
  backend: Backend,
  model: Transformer,
  tokenizer: Tokenizer,
  { batch, ...options }: AnswerOptions,
): AnswerWriter => {
  const generate = generator(backend, model)
  return async (parameters, prompts, { title, samples, seed }) => {
    const asked = prompts.flatMap((prompt) => Array.from({ length: samples }, () => prompt))
    const order = [...asked.keys()].sort((i, j) => asked[i]!.tokens.length - asked[j]!.tokens.length)
    const bar = progress(terminal, title, asked.length)
    const started = performance.now()
    const answers: RoundAnswer[] = []
    let tokens = 0
    try {
      for (let from = 0; from < order.length; from += batch) {
        if (terminal.stop.aborted) throw new Interrupted('Stopped. What is finished is kept: the same command continues from there.')
        const some = order.slice(from, from + batch)
        const lists = some.map((i) => asked[i]!.tokens)
        const made = await generate(parameters, lists, { ...options, seed: seed + from, batch })
        for (const [k, i] of some.entries()) answers[i] = answerIn(tokenizer, asked[i]!, made[k]!)
        tokens += made.reduce((sum, each) => sum + each.tokens.length, 0)
        bar.at(from + some.length, `${count((1000 * tokens) / (performance.now() - started))} tokens/s`)
        await breathe()
      }
    } finally {
      bar.end()
    }
    return prompts.map((prompt, i) => ({ prompt, answers: answers.slice(i * samples, (i + 1) * samples) }))
  }
}

const answerIn = (
  tokenizer: Tokenizer,
  { tokens: before }: RoundPrompt,
  { tokens, ended }: { readonly tokens: readonly number[]; readonly ended: 'stop' | 'length' },
): RoundAnswer => ({
  text: tokenizer.decode([...before, ...tokens]).slice(tokenizer.decode(before).length),
  tokens,
  ended: ended === 'stop',
})

/** The answer as training reads it: the tokens that were drawn, and the one that ended them. */
export const exampleOfAnswer = ({ tokens: prompt }: RoundPrompt, { tokens, ended }: RoundAnswer, { eos }: Tokenizer): Example => ({
  prompt,
  completion: ended && eos !== undefined ? [...tokens, eos] : tokens,
})
