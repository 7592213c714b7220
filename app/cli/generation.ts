/** A text, printed while it is made. */
import { evaluate } from '../../core/index.ts'
import { generator, streamDecoder } from '../../models/index.ts'
import { openBackend } from '../inputs/backends.ts'
import { loadCheckpoint, withAdapters } from '../inputs/checkpoint.ts'
import { UsageError } from '../terminal/errors.ts'
import { count } from '../terminal/progress.ts'
import { breathe, type Terminal } from '../terminal/terminal.ts'
import type { GenerateOptions } from './commands/generate.ts'

export const generate = async (terminal: Terminal, options: GenerateOptions): Promise<void> => {
  const { prompt, control, maxTokens, temperature, topK, topP, seed, json } = options
  const checkpoint = await loadCheckpoint(options.model, terminal.say)
  const {
    model,
    parameters,
    tokenizer,
    control: own,
  } = options.adapters === undefined ? checkpoint : await withAdapters(checkpoint, options.adapters)
  const said = tokenizer.encode(prompt, { bos: true })
  const ids = tokenizer.encode(prompt + (control ?? own?.desirable ?? ''), { bos: true })
  if (ids.length === 0) throw new UsageError('--prompt: this model has no token that begins a text, so the prompt must not be empty')
  const { context } = model.config
  if (ids.length >= context)
    throw new UsageError(`--prompt: ${ids.length} tokens leave no room for more in the ${context} of this model's context; shorten it`)
  const { backend, mode } = await openBackend(options, terminal.say)
  try {
    const decode = streamDecoder(tokenizer, ids)
    let printed = ''
    const print = (text: string, seen = text): void => {
      printed += text
      if (!json) terminal.print(seen)
    }
    const [asked, shown] = [tokenizer.decode(ids), tokenizer.decode(said)]
    print(asked, shown)
    const started = performance.now()
    const [made] = await generator(backend, model)(await evaluate(backend, parameters), [ids], {
      ...{ maxTokens, temperature, seed },
      ...(topK === undefined ? {} : { topK }),
      ...(topP === undefined ? {} : { topP }),
      onToken: (token) => print(decode(token)),
    })
    const { tokens, ended } = made!
    const seconds = (performance.now() - started) / 1000
    const text = tokenizer.decode([...ids, ...tokens])
    print(`${text.slice(printed.length)}\n`) // bytes of a character that never became whole
    if (json)
      terminal.print(
        `${JSON.stringify({ text: shown + text.slice(asked.length), tokens: tokens.length, ended, backend: backend.name, mode, seconds })}\n`,
      )
    await breathe()
    terminal.say(`${tokens.length} tokens in ${seconds.toFixed(2)} s (${count(tokens.length / seconds)} a second, compilation included)`)
  } finally {
    await backend.close?.()
  }
}
