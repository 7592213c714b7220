/** `halograd chat`, with everything it needs opened before and closed after. */
import { createInterface } from 'node:readline'
import { converse } from '../collect/chat.ts'
import { openCollection } from '../collect/feedback.ts'
import { responder } from '../inference/responder.ts'
import { openBackend } from '../inputs/backends.ts'
import { loadCheckpoint, withAdapters } from '../inputs/checkpoint.ts'
import { sampling } from '../inputs/options.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { ChatCommandOptions } from './commands/chat.ts'

/** Questions, a line each; in a terminal after a `>`. They end with the input, or when the command is asked to stop. */
async function* questions({ stop }: Terminal): AsyncGenerator<string> {
  const { stdin, stderr } = process
  const lines = createInterface({ input: stdin, ...(stdin.isTTY && { output: stderr, prompt: '> ' }) })
  const end = (): void => lines.close()
  stop.addEventListener('abort', end)
  try {
    lines.prompt()
    for await (const line of lines) {
      yield line
      lines.prompt()
    }
  } finally {
    stop.removeEventListener('abort', end)
    lines.close()
  }
}

/** @param lines the user's turns. Default: standard input */
export const chat = async (terminal: Terminal, options: ChatCommandOptions, lines?: AsyncIterable<string>): Promise<void> => {
  const base = await loadCheckpoint(options.model, terminal.say)
  const checkpoint = options.adapters === undefined ? base : await withAdapters(base, options.adapters)
  const collection = options.out === undefined ? undefined : await openCollection(options.out)
  const { backend } = await openBackend(options, terminal.say)
  try {
    const model = await responder(backend, checkpoint)
    terminal.say('/help lists what you can do; /quit ends.')
    await converse(terminal, model, lines ?? questions(terminal), {
      sampling: sampling(options),
      ...(options.system !== undefined && { system: options.system }),
      ...(collection && { collection }),
    })
  } finally {
    await collection?.close()
    await backend.close?.()
  }
}
