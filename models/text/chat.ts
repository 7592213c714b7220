/**
 * Chat templates: how a model wants conversations written, as a Jinja program in its `tokenizer_config.json` (through @huggingface/jinja).
 *
 *     prompt = template(turns before the last, and the cue for an answer)        completion = template(all turns) less the prompt
 */
import { either as E } from 'fp-ts'
import { show, TokenizerError } from '../io/errors.ts'
import { isObject, type Json } from '../io/fields.ts'
import type { Flaw } from '../io/records.ts'
import type { Render, Turn } from './conversation.ts'
import { BudgetError, type Render as Template, templateOf } from './template.ts'
import type { Tokenizer } from './tokenizer.ts'

/** Conversations to text as the model's own template has them. */
export interface Chat {
  readonly render: Render
  /** What a model reads before it answers these turns. Left: why the template refuses them. */
  readonly prompt: (turns: readonly Turn[]) => E.Either<Flaw, string>
}

/**
 * The chat template of a tokenizer, if it has one. The texts leave out the tokens that encoding adds: the one that begins a text, the one that ends it.
 * @throws TokenizerError when the template is malformed
 */
export const chatOf = ({ config }: Pick<Tokenizer, 'config'>): Chat | undefined => {
  const source = sourceOf(config)
  if (source === undefined) return undefined
  const template = compiled(source)
  const [bos, eos] = [nameOf(config.bos_token), nameOf(config.eos_token)]
  const write = (turns: readonly Turn[], cue: boolean): E.Either<Flaw, string> =>
    E.tryCatch(
      () => withoutStart(template({ messages: turns, add_generation_prompt: cue, bos_token: bos, eos_token: eos }), bos),
      (error) => {
        if (error instanceof BudgetError) throw endless(error.message)
        return {
          field: 'messages',
          expected: "turns that the model's chat template accepts",
          found: `"${error instanceof Error ? error.message : error}"`,
          advice: 'Change the turns, or train without the template.',
        }
      },
    )
  const prompt = (turns: readonly Turn[]) => write(turns, true)
  return {
    prompt,
    render: (turns) =>
      E.flatMap(prompt(turns.slice(0, -1)), (before) =>
        E.flatMap(write(turns, false), (whole) =>
          whole.startsWith(before)
            ? E.right({ prompt: before, completion: withoutEnd(whole.slice(before.length), eos) })
            : E.left({
                field: 'messages',
                expected: `a chat that begins with its prompt ${show(before)}`,
                found: show(whole),
                advice:
                  "The model's chat template writes earlier turns differently once there is an answer: train on {prompt, completion} texts.",
              }),
        ),
      ),
  }
}

/** One template, or several by name, of which `default` is meant. */
const sourceOf = ({ chat_template: template }: Json): string | undefined => {
  if (typeof template === 'string') return template
  const named: unknown = Array.isArray(template) ? template.find((each) => isObject(each) && each.name === 'default') : undefined
  return isObject(named) && typeof named.template === 'string' ? named.template : undefined
}

const compiled = (source: string): Template => {
  try {
    return templateOf(source)
  } catch (error) {
    throw new TokenizerError({
      field: 'chat_template',
      expected: 'a Jinja template',
      found: error instanceof Error ? error.message : String(error),
      advice: "Copy tokenizer_config.json again from the model's page.",
    })
  }
}

const endless = (found: string): TokenizerError =>
  new TokenizerError({
    ...{ field: 'chat_template', expected: 'a template that comes to an end', found },
    advice: "Copy tokenizer_config.json again from the model's page, or correct the template's loops.",
  })

const nameOf = (token: unknown): string => {
  const name: unknown = isObject(token) ? token.content : token
  return typeof name === 'string' ? name : ''
}

const withoutStart = (text: string, bos: string): string => (bos !== '' && text.startsWith(bos) ? text.slice(bos.length) : text)

const withoutEnd = (text: string, eos: string): string => {
  const end = text.trimEnd()
  return eos !== '' && end.endsWith(eos) ? end.slice(0, -eos.length) : text
}
