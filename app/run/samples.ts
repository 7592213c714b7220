/**
 * What the model writes while it is trained: answers to the same few prompts with the same random numbers, so that a difference is one of the weights.
 *
 *     prompts of held-out examples (of training where none are held out) → tokens after each → text
 */
import type { Backend, Tree } from '../../core/index.ts'
import { generator, type Tokenizer, type TrainingExample, type Transformer } from '../../models/index.ts'
import { textsIn } from '../inputs/examples.ts'
import type { RunData } from './data.ts'

export interface PromptSample {
  readonly prompt: string
  readonly text: string
}

export interface SampleOptions {
  readonly count: number
  readonly maxTokens: number
  readonly seed: number
}

/** Writes answers to the same prompts by any parameters; the programs are compiled once. */
export type SampleWriter<P> = (parameters: P) => Promise<readonly PromptSample[]>

export const sampleWriter = <P extends Tree<P>>(
  backend: Backend,
  model: Transformer<P>,
  tokenizer: Tokenizer,
  data: RunData,
  { count, maxTokens, seed }: SampleOptions,
): SampleWriter<P> => {
  const prompts = promptsIn(data, count, model.config.context - maxTokens)
  const generate = generator(backend, model)
  return async (parameters) => {
    const answers = await generate(parameters, prompts, { maxTokens, temperature: 1, seed, batch: 64 })
    return answers.map(({ tokens }, i) => {
      const prompt = tokenizer.decode(prompts[i]!)
      return { prompt, text: tokenizer.decode([...prompts[i]!, ...tokens]).slice(prompt.length) }
    })
  }
}

/** Different prompts in the order of the examples, as many as there are up to `count`, the beginning of long ones cut. */
const promptsIn = ({ heldOut, training }: RunData, count: number, room: number): readonly (readonly number[])[] => {
  const found = new Map<string, readonly number[]>()
  const examples: readonly TrainingExample[] = heldOut.length > 0 ? heldOut : training
  for (const example of examples) {
    const { prompt, completion } = textsIn(example)[0]!
    // Plain text has no prompt: the model continues its first tokens.
    const asked = (prompt.length > 1 ? prompt : [...prompt, ...completion.slice(0, 4)]).slice(-Math.max(room, 1))
    if (found.size < count && asked.length > 0) found.set(asked.join(), asked)
  }
  return [...found.values()]
}
