/**
 * What becomes of an example that is longer than a model takes. What a completion answers stands at the end of its prompt, so by default the beginning
 * of the prompt goes first.
 *
 *     prompt-start     the beginning of the prompt, to its last token; then the end of the completion
 *     completion-end   the end of the completion, to its first token; then the beginning of the prompt
 *     drop, refuse     the whole example; the whole run
 */
/** A prompt, and the completion whose probability is asked for. */
export interface Example {
  readonly prompt: readonly number[]
  readonly completion: readonly number[]
}

/** What is cut first. */
export type TextCut = 'prompt-start' | 'completion-end'
/**
 * What happens to examples longer than the context: cut the start of the prompt or the end of the completion, drop the example, or refuse
 * the data.
 */
export type Truncation = TextCut | 'drop' | 'refuse'

/**
 * Completions of one prompt within `context` tokens each. The prompt is cut alike for all of them: they still answer the same.
 * @param context in tokens, prompt and completion together
 * @param first what is cut first. Default: the start of the prompt
 * @example
 * ```ts
 * import { fitTogether } from 'halograd/models'
 * const prompt = [1, 2, 3]
 * const [chosen, rejected] = fitTogether([{ prompt, completion: [4] }, { prompt, completion: [5, 6] }], 4)
 * ```
 */
export const fitTogether = (texts: readonly Example[], context: number, first: TextCut = 'prompt-start'): readonly Example[] => {
  const [prompt, completion] = [
    Math.max(...texts.map(({ prompt }) => prompt.length)),
    Math.max(...texts.map(({ completion }) => completion.length)),
  ]
  const before =
    first === 'prompt-start' ? context - Math.min(completion, context - Math.min(prompt, 1)) : context - Math.min(completion, 1)
  const kept = Math.min(prompt, before)
  return texts.map((text) => ({
    prompt: text.prompt.slice(Math.max(0, text.prompt.length - kept)),
    completion: text.completion.slice(0, context - kept),
  }))
}

/**
 * One example within `context` tokens.
 * @param context in tokens, prompt and completion together
 * @param first what is cut first. Default: the start of the prompt
 * @example
 * ```ts
 * import { fit } from 'halograd/models'
 * const { prompt } = fit({ prompt: [1, 2, 3], completion: [4, 5] }, 4) // [2, 3]
 * ```
 */
export const fit = (example: Example, context: number, first?: TextCut): Example => fitTogether([example], context, first)[0]!
