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
import type { Answer } from './parquet-worker.ts'

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
export async function* parquet(path: string, { memory = 2048, time = 8000 }: ParquetLimits = {}): AsyncGenerator<Json> {
  for await (const _ of readChunks(path)) break // a file that cannot be read at all says so as any other does
  const worker = new Worker(script(), {
    ...{ workerData: path, execArgv: [], stdout: true, stderr: true },
    resourceLimits: { maxOldGenerationSizeMb: memory },
  })
  const next = answersOf(worker)
  try {
    const started = await next(starting)
    const metadata = started.tag === 'started' ? await next(time) : started
    if (metadata.tag !== 'groups') throw refused(path, metadata)
    for (const [group, { bytes }] of metadata.groups.entries()) {
      worker.postMessage(group)
      const read = await next(time + bytes / bytesPerMillisecond)
      if (read.tag !== 'rows') throw refused(path, read, group)
      yield* read.rows
    }
  } finally {
    await worker.terminate()
  }
}

/** Until the thread has loaded what it needs; a tenth of how fast groups are read. */
const [starting, bytesPerMillisecond] = [60_000, 10_000]

const refused = (file: string, answer: Answer, group?: number): DataError =>
  new DataError({
    file,
    ...(group === undefined ? {} : { field: `row group ${group}` }),
    expected: 'a Parquet file',
    found: answer.tag === 'refused' ? answer.found : 'another answer than was asked for',
    advice: 'Download it again, or convert it to JSON Lines.',
  })

/** What the thread says next, within so many milliseconds. Its end, however it comes, is an answer. */
const answersOf = (worker: Worker): ((milliseconds: number) => Promise<Answer>) => {
  const said: Answer[] = []
  let heard = (): void => {}
  const hear = (answer: Answer): void => {
    said.push(answer)
    heard()
  }
  worker.on('message', hear)
  worker.on('error', (error) => hear({ tag: 'refused', found: error.message }))
  worker.on('exit', () => hear({ tag: 'refused', found: 'that reading it ends the thread that reads it' }))
  return async (milliseconds) => {
    if (said.length === 0)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds)
        heard = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    return said.shift() ?? { tag: 'refused', found: `that reading it takes more than ${(milliseconds / 1000).toFixed(0)} s` }
  }
}
