/**
 * A conversation in the terminal: a line is a question, its answer is printed while it is made, and what the person says of it is collected.
 *
 *     line of text → turn of the user → answer        /command → what help lists        state = turns, the last answer, whether it is judged
 */
import { randomUUID } from 'node:crypto'
import { InputError, type Turn, writeAtomically } from '../../models/index.ts'
import type { Responder } from '../inference/responder.ts'
import type { sampling } from '../inputs/options.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { Collection, Feedback, RatedAnswer } from './feedback.ts'
import { within } from './shorten.ts'

export interface ChatOptions {
  readonly system?: string
  readonly sampling: ReturnType<typeof sampling>
  /** Where feedback is kept. Without it, it is refused. */
  readonly collection?: Collection
}

interface ChatState {
  readonly turns: readonly Turn[]
  /** The last answer, and the one that `/retry` replaced. */
  readonly answer?: RatedAnswer
  readonly earlier?: RatedAnswer
  readonly judged?: true
  /** Answers drawn so far: each has a seed of its own. */
  readonly draws: number
}

/** What a command makes of the state; nothing ends the conversation. */
type ChatCommand = (state: ChatState, argument: string) => ChatState | undefined | Promise<ChatState | undefined>

const help = `A line is a question. Commands:
  /thumbs up|down   judge the last answer
  /correct TEXT     what the last answer should have been
  /retry            another answer to the same question
  /prefer new|old   after /retry: which of both answers is better
  /undo             forget the last question and its answer
  /save FILE        write the conversation, as generate --messages reads it
  /help, /quit      (a question that begins with / is written with //)`

/** Talks until the lines end, `/quit`, or Ctrl-C. An error of one line is printed, and the conversation continues. */
export const converse = async (
  terminal: Terminal,
  model: Responder,
  lines: AsyncIterable<string>,
  { system, sampling, collection }: ChatOptions,
): Promise<void> => {
  const answer = async (state: ChatState): Promise<ChatState> => {
    const { prompt, left } = within(model, state.turns)
    if (left > 0) terminal.say(`(the first ${left} turns no longer fit the context of ${model.context} tokens)`)
    const request = { ...sampling, seed: sampling.seed + state.draws, signal: terminal.stop, onText: terminal.print }
    const [made] = await model.answer(prompt, request)
    terminal.print('\n')
    if (made!.ended === 'length') terminal.say('(cut: --max-tokens, or the context, ends it here)')
    const { judged: _, ...rest } = state
    return { ...rest, answer: { id: randomUUID(), prompt: state.turns, completion: made!.text }, draws: state.draws + 1 }
  }
  const ask = (state: ChatState, text: string): Promise<ChatState> =>
    answer({ turns: [...spoken(state), { role: 'user', content: text }], draws: state.draws })
  const judge = async (state: ChatState, feedback: Feedback | undefined, usage: string): Promise<ChatState> => {
    const refused = refusalOf(state, collection, feedback, usage)
    if (refused !== undefined || feedback === undefined || state.answer === undefined) {
      terminal.say(refused)
      return state
    }
    await collection?.add(state.answer, feedback)
    terminal.say('(kept)')
    const corrected = feedback.kind === 'correction' ? { ...state.answer, completion: feedback.text } : state.answer
    return { ...state, answer: corrected, judged: true }
  }
  const commands: ReadonlyMap<string, ChatCommand> = new Map<string, ChatCommand>([
    ['quit', () => undefined],
    ['help', told(terminal, help)],
    ['thumbs', (state, said) => judge(state, thumbs.get(said), '/thumbs up, or /thumbs down')],
    ['correct', (state, text) => judge(state, text === '' ? undefined : { kind: 'correction', text }, '/correct TEXT')],
    ['prefer', (state, said) => prefer(state, said, judge)],
    [
      'retry',
      (state) => (state.answer === undefined ? told(terminal, unanswered)(state, '') : answer({ ...state, earlier: state.answer })),
    ],
    ['undo', ({ turns, draws }) => ({ turns: beforeQuestion(turns), draws })],
    ['save', async (state, file) => told(terminal, file === '' ? 'Say where: /save FILE' : await save(file, spoken(state)))(state, '')],
  ])
  const step = (state: ChatState, line: string): ChatState | undefined | Promise<ChatState | undefined> => {
    const [, name, argument = ''] = /^\/(?!\/)(\S*)\s*([\s\S]*)$/.exec(line) ?? []
    if (name === undefined) return ask(state, line.replace(/^\/\//, '/'))
    return (commands.get(name) ?? told(terminal, `There is no /${name}; /help lists what there is.`))(state, argument.trim())
  }
  let state: ChatState | undefined = { turns: system === undefined ? [] : [{ role: 'system', content: system }], draws: 0 }
  for await (const line of lines) {
    if (line.trim() === '') continue
    try {
      state = await step(state, line)
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      terminal.say(`error: ${error.message}`)
    }
    if (state === undefined || terminal.stop.aborted) return
  }
}

const thumbs: ReadonlyMap<string, Feedback> = new Map(
  (['up', 'down'] as const).map((way): [string, Feedback] => [way, { kind: 'thumbs', label: way === 'up' }]),
)

/** The turns up to the last question. */
const beforeQuestion = (turns: readonly Turn[]): readonly Turn[] => {
  const at = turns.findLastIndex(({ role }) => role === 'user')
  return at < 0 ? turns : turns.slice(0, at)
}

const unanswered = 'There is no answer yet: ask something.'

const refusalOf = (
  state: ChatState,
  collection: Collection | undefined,
  feedback: Feedback | undefined,
  usage: string,
): string | undefined => {
  if (collection === undefined) return 'Nothing is collected: start with --out thumbs.jsonl.'
  if (state.answer === undefined) return unanswered
  if (state.answer.completion.trim() === '') return 'The answer is empty: there is nothing to learn from it. /retry draws another one.'
  if (state.judged) return 'This answer is judged already.'
  return feedback === undefined ? `Say ${usage}.` : undefined
}

/** One of the two answers of `/retry` rather than the other; the better one stays in the conversation. */
const prefer = async (
  state: ChatState,
  said: string,
  judge: (state: ChatState, feedback: Feedback | undefined, usage: string) => Promise<ChatState>,
): Promise<ChatState> => {
  const { answer: now, earlier } = state
  const usage = '/prefer new, or /prefer old, after /retry has answered otherwise'
  const [better, worse] = said === 'new' ? [now, earlier] : said === 'old' ? [earlier, now] : []
  const differ = better !== undefined && worse !== undefined && better.completion !== worse.completion
  const kept = await judge(
    { ...state, ...(better && { answer: better }) },
    differ ? { kind: 'choice', rejected: worse.completion } : undefined,
    usage,
  )
  return kept.judged ? kept : state
}

/** The conversation with its last answer. */
const spoken = ({ turns, answer }: ChatState): readonly Turn[] =>
  answer === undefined ? turns : [...turns, { role: 'assistant', content: answer.completion }]

const save = async (file: string, turns: readonly Turn[]): Promise<string> => {
  await writeAtomically(file, `${JSON.stringify(turns, null, 2)}\n`)
  return `(saved: ${file})`
}

const told =
  (terminal: Terminal, text: string): ChatCommand =>
  (state) => {
    terminal.say(text)
    return state
  }
