/** `halograd serve`, with everything it needs opened before and closed after. */
import { basename, resolve } from 'node:path'
import { openCollection } from '../collect/feedback.ts'
import { isLoopback, server } from '../collect/server.ts'
import { responder } from '../inference/responder.ts'
import { openBackend } from '../inputs/backends.ts'
import { loadCheckpoint, withAdapters } from '../inputs/checkpoint.ts'
import { UsageError } from '../terminal/errors.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { ServeCommandOptions } from './commands/serve.ts'
import { closed, listening } from './listening.ts'

export const serve = async (terminal: Terminal, options: ServeCommandOptions): Promise<void> => {
  const token = options.token ?? process.env.HALOGRAD_TOKEN
  if (token === '') throw new UsageError('--token: expected a text that nobody can guess, found an empty one')
  if (token === undefined && !isLoopback(options.host))
    throw new UsageError(`--host ${options.host}: others than this machine could ask; give a --token that they must know`)
  const base = await loadCheckpoint(options.model, terminal.say)
  const checkpoint = options.adapters === undefined ? base : await withAdapters(base, options.adapters)
  const collection = options.out === undefined ? undefined : await openCollection(options.out)
  const { backend } = await openBackend(options, terminal.say)
  try {
    const http = server({
      model: await responder(backend, checkpoint),
      name: options.model.startsWith('hf:') ? options.model.slice(3) : basename(resolve(options.model)),
      defaults: { maxTokens: options.maxTokens, temperature: options.temperature },
      ...(collection && { collection }),
      ...(token !== undefined && { token }),
      ...{ queue: options.queue, timeout: options.timeout * 1000, say: terminal.say },
    })
    terminal.print(`${await listening(http, options)}\n`)
    if (collection === undefined) terminal.say('Nothing is kept of what people say of answers: --out thumbs.jsonl does.')
    await closed(http, terminal.stop)
  } finally {
    await collection?.close()
    await backend.close?.()
  }
}
