/**
 * The rows of a Parquet file, a row group at a time. The library reads in a thread of its own: whatever a damaged file makes it do — fail in passing,
 * loop, take all memory — ends that thread, and is an error here that names the row group.
 *
 *     file  →  thread: metadata; of each group, page headers and checksums, then values  →  rows
 */
import { Worker } from 'node:worker_threads'
import { DataError } from './errors.ts'
import type { Json } from './fields.ts'
import { readChunks } from './files.ts'
import type { ParquetReply } from './parquet-worker.ts'

export interface ParquetLimits {
  /** Of the thread's heap, in MiB. Default: 2,048. */
  readonly memory?: number
  /** What the metadata, or a row group, may take, in milliseconds; of a group, beside 0.1 s for each megabyte. Default: 8,000. */
  readonly time?: number
}

/** What the thread runs. A clone reads its TypeScript through tsx, which a thread must be told; the package has it compiled. */
const script = (): URL => {
  if (import.meta.url.endsWith('.js')) return new URL('./parquet-worker.js', import.meta.url)
  const [tsx, source] = [import.meta.resolve('tsx/esm/api'), new URL('./parquet-worker.ts', import.meta.url).href]
  const code = `import { register } from '${tsx}'; register({ tsconfig: false }); await import('${source}')`
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`)
}

/** @throws FileError; DataError naming the row group that cannot be read */
export async function* parquet(path: string, limits?: ParquetLimits): AsyncGenerator<Json> {
  const { read, close } = parquetReader(limits)
  try {
    yield* read(path)
  } finally {
    await close()
  }
}

/** Reads files one after another in one thread, or in another after one that a file has ended. */
export const parquetReader = ({ memory = 2048, time = 8000 }: ParquetLimits = {}) => {
  let thread: Thread | undefined
  /** A thread that has not answered in time, or has ended, is no more. */
  const ask = async (file: string, question: string | number, patience: number, group?: number): Promise<ParquetReply> => {
    thread ??= await started(memory)
    const answer = await thread.ask(question, patience)
    if (answer.tag !== 'refused') return answer
    if (answer.ended) {
      await thread.end()
      thread = undefined
    }
    throw refused(file, answer.found, group)
  }
  async function* read(path: string): AsyncGenerator<Json> {
    for await (const _ of readChunks(path)) break // a file that cannot be read at all says so as any other does
    const metadata = await ask(path, path, time)
    if (metadata.tag !== 'groups') throw refused(path, unasked)
    for (const [group, { bytes }] of metadata.groups.entries()) {
      const answer = await ask(path, group, time + bytes / bytesPerMillisecond, group)
      if (answer.tag !== 'rows') throw refused(path, unasked, group)
      yield* answer.rows
    }
  }
  const close = async (): Promise<void> => {
    await thread?.end()
    thread = undefined
  }
  return { read, close }
}
const unasked = 'another answer than was asked for'

/** Until the thread has loaded what it needs, in milliseconds; a tenth of how fast groups are read. */
const [starting, bytesPerMillisecond] = [60_000, 10_000]

const refused = (file: string, found: string, group?: number): DataError =>
  new DataError({
    file,
    ...(group === undefined ? {} : { field: `row group ${group}` }),
    expected: 'a Parquet file',
    found,
    advice: 'Download it again, or convert it to JSON Lines.',
  })

interface Thread {
  /** What it answers within so many milliseconds. Its end, however it comes, is an answer. */
  readonly ask: (question: string | number, milliseconds: number) => Promise<ParquetReply>
  readonly end: () => Promise<void>
}

const started = async (memory: number): Promise<Thread> => {
  const worker = new Worker(script(), {
    ...{ execArgv: [], stdout: true, stderr: true },
    resourceLimits: { maxOldGenerationSizeMb: memory },
  })
  const said: ParquetReply[] = []
  let heard = (): void => {}
  const hear = (answer: ParquetReply): void => {
    said.push(answer)
    heard()
  }
  const ended = (found: string) => hear({ tag: 'refused', found, ended: true })
  worker.on('message', hear)
  worker.on('error', (error) => ended(error.message))
  worker.on('exit', () => ended('that reading it ends the thread that reads it'))
  const next = async (milliseconds: number): Promise<ParquetReply> => {
    if (said.length === 0)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds)
        heard = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    const late = `that reading it takes more than ${(milliseconds / 1000).toFixed(0)} s (--parquet-time allows more)`
    return said.shift() ?? { tag: 'refused', found: late, ended: true }
  }
  const end = async (): Promise<void> => void (await worker.terminate())
  const first = await next(starting)
  if (first.tag === 'started')
    return {
      end,
      ask: (question, milliseconds) => {
        worker.postMessage(question)
        return next(milliseconds)
      },
    }
  await end()
  throw new Error(first.tag === 'refused' ? first.found : unasked)
}
