/**
 * What people say of answers, collected in a file that `align --data` takes as it is: JSON Lines, one line an event, only ever appended to.
 *
 *     {"prompt": [{"role", "content"}, …], "completion": "…", "label": true, "id": "…", "kind": "thumbs", "at": "…"}
 *
 * A correction is two events in one write: the answer as undesirable, what it should have been as desirable. So is a choice between two answers. Both sides
 * have one prompt, so that `halograd data convert IN OUT --to pairs` makes a pair of them. A write is one system call on a file opened with O_APPEND,
 * flushed to the disk and read back before it is acknowledged: two writers do not tear each other's lines, and a killed process loses none.
 */
import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { FileError, type Turn } from '../../models/index.ts'
import { fileError } from '../../models/internal.ts'

/** An answer that a person may judge. */
export interface RatedAnswer {
  readonly id: string
  readonly prompt: readonly Turn[]
  readonly completion: string
}

/** What a person says of an answer. */
export type Feedback =
  | { readonly kind: 'thumbs'; readonly label: boolean }
  | { readonly kind: 'correction'; readonly text: string }
  /** This answer rather than another one to the same prompt. */
  | { readonly kind: 'choice'; readonly rejected: string }

export interface Collection {
  /** Resolves when the events are on the disk. @throws FileError; then they may be absent, and are not torn */
  readonly add: (answered: RatedAnswer, feedback: Feedback) => Promise<void>
  readonly close: () => Promise<void>
}

/** How often a write is tried that another process, killed in the midst of its own, has spoilt. */
const attempts = 5

/** Opens a file to collect in, creating it and its directory when absent. @throws FileError */
export const openCollection = async (path: string): Promise<Collection> => {
  const safely = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw error instanceof FileError ? error : fileError(path, 'a file that can be written', error)
    }
  }
  const file = await safely(async () => {
    await mkdir(dirname(path), { recursive: true })
    return open(path, 'a+')
  })
  const bytesFrom = async (start: number): Promise<string> => {
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.max(size - start, 0)), 0, undefined, start)
    return buffer.toString('utf8', 0, bytesRead)
  }
  const append = async (lines: string): Promise<void> => {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const start = Math.max((await file.stat()).size - 1, 0)
      const last = await bytesFrom(start)
      // Whoever was killed before the end of its line has left a fragment: it stays alone on its line. Whoever is still writing has not: then a
      // blank line remains, which readers skip.
      await file.write(Buffer.from(`${last === '' || last.endsWith('\n') ? '' : '\n'}${lines}`))
      await file.sync()
      const written = await bytesFrom(start)
      if (written.startsWith(lines) || written.includes(`\n${lines}`)) return
    }
    throw new FileError({
      ...{
        file: path,
        expected: 'a file that keeps what is appended',
        found: 'other bytes',
        advice: 'Free some space, or collect elsewhere.',
      },
    })
  }
  let before: Promise<unknown> = Promise.resolve()
  return {
    add: (answered, feedback) => {
      const lines = eventsOf(answered, feedback)
        .map((event) => `${JSON.stringify(event)}\n`)
        .join('')
      const done = before.then(() => safely(() => append(lines)))
      before = done.catch(() => undefined)
      return done
    },
    close: async () => {
      await before
      await file.close()
    },
  }
}

/** The lines of one piece of feedback. */
const eventsOf = ({ id, prompt, completion }: RatedAnswer, feedback: Feedback) => {
  const event = (text: string, label: boolean) => ({
    ...{ prompt: prompt.map(({ role, content, beside }) => ({ role, content, ...beside })), completion: text, label },
    ...{ id, kind: feedback.kind, at: new Date().toISOString() },
  })
  switch (feedback.kind) {
    case 'thumbs':
      return [event(completion, feedback.label)]
    case 'correction':
      return [event(completion, false), event(feedback.text, true)]
    case 'choice':
      return [event(completion, true), event(feedback.rejected, false)]
  }
}
