/** Texts, the first one printed while it is made. */
import { either as E } from 'fp-ts'
import { DataError, InputError, type Turn } from '../../models/index.ts'
import { promptOf, readJson } from '../../models/internal.ts'
import { type ModelAnswer, type Prompt, type Responder, responder } from '../inference/responder.ts'
import { openBackend } from '../inputs/backends.ts'
import { loadCheckpoint, withAdapters } from '../inputs/checkpoint.ts'
import { sampling } from '../inputs/options.ts'
import { UsageError } from '../terminal/errors.ts'
import { count } from '../terminal/progress.ts'
import { breathe, type Terminal } from '../terminal/terminal.ts'
import type { GenerateCommandOptions } from './commands/generate.ts'

/** What is printed before the text, and what the model reads. */
interface Beginning {
  readonly shown: string
  readonly prompt: Prompt
}

export const generate = async (terminal: Terminal, options: GenerateCommandOptions): Promise<void> => {
  if (options.prompt !== undefined && options.messages !== undefined)
    throw new UsageError('--prompt and --messages: give one of them, a text to continue or a conversation to answer')
  const turns = options.messages === undefined ? undefined : await readTurns(options.messages)
  const base = await loadCheckpoint(options.model, terminal.say)
  const checkpoint = options.adapters === undefined ? base : await withAdapters(base, options.adapters)
  const { backend, mode } = await openBackend(options, terminal.say)
  try {
    const model = await responder(backend, checkpoint, options.control)
    const text = options.prompt ?? ''
    const control = options.control ?? checkpoint.control?.desirable ?? ''
    const { shown, prompt } = turns === undefined ? continued(model, text, control) : { shown: '', prompt: model.promptOf(turns) }
    checkRoom(model, prompt, options.messages === undefined ? '--prompt' : '--messages')
    if (!options.json) terminal.print(shown)
    const started = performance.now()
    const answers = await model.answer(prompt, {
      ...sampling(options),
      samples: options.samples,
      signal: terminal.stop,
      onText: (piece, sample) => {
        if (!options.json && sample === 0) terminal.print(piece)
      },
    })
    const seconds = (performance.now() - started) / 1000
    if (options.json) terminal.print(`${JSON.stringify({ ...document(shown, answers), backend: backend.name, mode, seconds })}\n`)
    else
      terminal.print(
        `\n${answers
          .slice(1)
          .map((answer) => `\n${shown}${answer.text}\n`)
          .join('')}`,
      )
    await breathe()
    const tokens = answers.reduce((sum, answer) => sum + answer.tokens, 0)
    terminal.say(`${tokens} tokens in ${seconds.toFixed(2)} s (${count(tokens / seconds)} a second, compilation included)`)
  } finally {
    await backend.close?.()
  }
}

/** A text to go on from; `control` is read after it, unseen. */
const continued = ({ tokenizer }: Responder, text: string, control: string): Beginning => ({
  shown: tokenizer.decode(tokenizer.encode(text, { bos: true })),
  prompt: { tokens: tokenizer.encode(text + control, { bos: true }), stop: [], spaced: false },
})

/** @throws UsageError */
const checkRoom = ({ context }: Responder, { tokens }: Prompt, option: string): void => {
  if (tokens.length === 0) throw new UsageError(`${option}: this model has no token that begins a text, so the prompt must not be empty`)
  if (tokens.length >= context)
    throw new UsageError(`${option}: ${tokens.length} tokens leave no room for more in the ${context} of this model's context; shorten it`)
}

const document = (shown: string, answers: readonly ModelAnswer[]) => {
  const [first, ...others] = answers.map(({ text, tokens, ended }) => ({ text: shown + text, tokens, ended }))
  return { ...first, ...(others.length > 0 && { samples: [first, ...others] }) }
}

/** @throws FileError, DataError naming the field of every flaw */
const readTurns = async (file: string): Promise<readonly Turn[]> => {
  const json = await readJson(file, InputError)
  const messages: unknown = Array.isArray(json) ? json : Object(json).messages
  const turns = promptOf(messages, 'messages')
  if (E.isRight(turns)) return turns.right
  const [first, ...rest] = turns.left.map((flaw) => ({ file, ...flaw }))
  throw first === undefined ? new UsageError(`--messages: ${file} is no conversation`) : new DataError(first, ...rest)
}
