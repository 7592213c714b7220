/**
 * Chat templates: how a model wants conversations written, as a Jinja program in its `tokenizer_config.json` (through @huggingface/jinja).
 *
 *     prompt = template(turns before the last, and the cue for an answer)        completion = template(all turns) less the prompt
 */
import { either as E } from 'fp-ts'
import { show, TokenizerError } from '../io/errors.ts'
import { isObject, type Json } from '../io/fields.ts'
import type { Flaw } from '../io/records.ts'
import { type ConversationSetting, type Render, type Rendered, reasoningOf, type Turn } from './conversation.ts'
import { literalJson } from './literal.ts'
import { BudgetError, type RenderTemplate as Template, templateOf } from './template.ts'
import type { Tokenizer } from './tokenizer.ts'

/** Conversations to text as the model's own template has them. */
export interface Chat {
  readonly render: Render
  /** What a model reads before it answers these turns. Left: why the template refuses them. */
  readonly prompt: (turns: readonly Turn[], setting?: ConversationSetting) => E.Either<Flaw, string>
}

/**
 * The chat template of a tokenizer; undefined if it has none. The texts leave out the tokens that encoding adds: the one that begins a text, and the
 * one that ends it.
 * @throws TokenizerError when the template is malformed
 * @example
 * ```ts
 * import { chatOf } from 'halograd/models'
 * const template = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"
 * const prompt = chatOf({ config: { chat_template: template } })?.prompt([{ role: 'user', content: 'Hello' }])
 * ```
 */
export const chatOf = ({ config, json }: Pick<Tokenizer, 'config'> & { readonly json?: Json }): Chat | undefined => {
  const [source, forTools] = [sourceOf(config, 'default'), sourceOf(config, 'tool_use')]
  if (source === undefined) return undefined
  const template = compiled(source)
  const withTools = forTools === undefined || forTools === source ? template : compiled(forTools)
  const specials = specialTokens(json)
  const [bos, eos] = [nameOf(config.bos_token), nameOf(config.eos_token)]
  const write = (turns: readonly Turn[], cue: boolean, { tools, options }: ConversationSetting = {}): E.Either<Flaw, string> => {
    const messages = turns.map(({ role, content, beside }) => ({ role, content, ...beside }))
    const known = { ...options, messages, add_generation_prompt: cue, bos_token: bos, eos_token: eos, ...(tools && { tools }) }
    return E.tryCatch(() => withoutStart((tools === undefined ? template : withTools)(known), bos), refusal)
  }
  const cued = (turns: readonly Turn[], setting?: ConversationSetting): E.Either<Flaw, string> =>
    E.flatMap(write(turns, true, setting), (text) => {
      const [bare, answered] = [write(turns, false, setting), write([...turns, { role: 'assistant', content: answer }], false, setting)]
      return E.right(E.isRight(bare) && E.isRight(answered) && bare.right === text ? text + headerIn(answered.right, text) : text)
    })
  const prompt = (turns: readonly Turn[], setting?: ConversationSetting) =>
    E.flatMap(cued(turns, setting), (text) => checked(untold(turns, setting, text), text))
  const asText = (turns: readonly Turn[]): readonly Turn[] => literalJson(turns, specials)
  return {
    prompt: (turns, setting) => prompt(asText(turns), setting),
    render: (given, setting) => {
      const turns = asText(given)
      return E.flatMap(prompt(turns.slice(0, -1), setting), (before) =>
        E.flatMap(write(turns, false, setting), (whole): E.Either<Flaw, Rendered> => {
          if (!whole.startsWith(before)) return E.left(rewritten(before, whole))
          const completion = withoutEnd(whole.slice(before.length), eos)
          return checked(lost(turns.at(-1), turns.length - 1, completion), { prompt: before, completion, ...spelt(given, specials) })
        }),
      )
    },
  }
}

/** An answer to see where a template puts answers. */
const answer = 'halograd?'

/** What a template that knows no cue writes before an answer, such as the name of who speaks: it belongs to the prompt. Spaces alone are the answer's. */
const headerIn = (answered: string, before: string): string => {
  const at = answered.startsWith(before) ? answered.indexOf(answer, before.length) : -1
  const header = at < 0 ? '' : answered.slice(before.length, at).replace(/ +$/, '')
  return header.trim() === '' ? '' : header
}

const checked = <T>(flaw: Flaw | undefined, value: T): E.Either<Flaw, T> => (flaw === undefined ? E.right(value) : E.left(flaw))

const refusal = (error: unknown): Flaw => {
  if (error instanceof BudgetError) throw endless(error.message)
  return {
    field: 'messages',
    expected: "turns that the model's chat template accepts",
    found: `"${error instanceof Error ? error.message : error}"`,
    advice: 'Change the turns, or train without the template.',
  }
}

const rewritten = (before: string, whole: string): Flaw => ({
  field: 'messages',
  expected: `a chat that begins with its prompt ${show(before)}`,
  found: show(whole),
  advice: "The model's chat template writes earlier turns differently once there is an answer: train on {prompt, completion} texts.",
})

// ------------------------------------------------------------------ what a template leaves out

/** Tools, and calls of them in earlier turns, that a template does not write: what the model reads would not be what happened. */
const untold = (turns: readonly Turn[], { tools }: ConversationSetting = {}, text: string): Flaw | undefined => {
  const offered = tools?.map(toolName).find((name) => name !== undefined && !text.includes(name))
  if (offered !== undefined) return leftOut('tools', `the tool ${show(offered)}`)
  const index = turns.findIndex((turn) => namesCalled(turn).some((name) => !text.includes(name)))
  return index < 0 ? undefined : leftOut(`messages[${index}].tool_calls`, 'the tool calls')
}

/** What a completion says that a template does not write: it would not be learnt. */
const lost = (turn: Turn | undefined, index: number, completion: string): Flaw | undefined => {
  if (turn === undefined) return undefined
  const [, thought] = /<think(?:ing)?>\s*([\s\S]*?)\s*<\/think(?:ing)?>/.exec(turn.content) ?? []
  for (const reasoning of [reasoningOf(turn.beside), thought ?? ''])
    if (reasoning !== '' && !completion.includes(reasoning)) return leftOut(`messages[${index}]`, 'the reasoning of the completion')
  if (namesCalled(turn).some((name) => !completion.includes(name))) return leftOut(`messages[${index}].tool_calls`, 'the tool calls')
  if (turn.content.trim() !== '' && completion.trim() === '') return leftOut(`messages[${index}].content`, 'the completion')
  return undefined
}

const toolName = (tool: unknown): string | undefined => {
  const named = isObject(tool) && isObject(tool.function) ? tool.function : tool
  return isObject(named) && typeof named.name === 'string' ? named.name : undefined
}
const namesCalled = ({ beside }: Turn): readonly string[] =>
  (Array.isArray(beside?.tool_calls) ? beside.tool_calls : []).flatMap((call: unknown) => toolName(call) ?? [])

const leftOut = (field: string, what: string): Flaw => ({
  field,
  expected: `a chat template that writes ${what}`,
  found: 'one that leaves it out',
  advice: 'Remove it from the data (what a template removes cannot be learnt), or use a model whose template writes it.',
})

// ------------------------------------------------------------------ special tokens in texts

const specialTokens = (json: Json = {}): readonly string[] =>
  (Array.isArray(json.added_tokens) ? json.added_tokens : []).flatMap((token: unknown) =>
    isObject(token) && token.special === true && typeof token.content === 'string' && token.content.length > 1 ? [token.content] : [],
  )

/** A turn that spells a special token is read as the text that it is; whoever reads the data may have meant something else. */
const spelt = (turns: readonly Turn[], specials: readonly string[]): Pick<Rendered, 'notes'> => {
  const found = specials.find((special) => turns.some(({ content }) => content.includes(special)))
  return found === undefined ? {} : { notes: [`a turn spells the special token ${found}: it is read as text, not as that token`] }
}

// ------------------------------------------------------------------ templates

/** One template, or several by name. */
const sourceOf = ({ chat_template: template }: Json, wanted: 'default' | 'tool_use'): string | undefined => {
  if (typeof template === 'string') return template
  const named: unknown = Array.isArray(template) ? template.find((each) => isObject(each) && each.name === wanted) : undefined
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
