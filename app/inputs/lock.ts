/**
 * One process at a time works in a directory: OUT/.lock names it, and is removed when it is done. A killed process leaves the file there; the next one sees
 * that no process of that number runs any more, and takes the lock over.
 */
import { lstat, readFile, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { createExclusively, type Json, parseJson, readIfThere } from '../../models/internal.ts'
import { BusyError } from '../terminal/errors.ts'

/** Who holds a directory. */
interface Holder {
  readonly host: string
  readonly process: number
  /** When that process began: its number may be another's by now. Linux alone tells, in ticks since it was started. */
  readonly began?: string
  /** Since when it holds the directory. */
  readonly since: string
}

/**
 * Does work while holding the lock of a directory, which is made when absent, and removed when it is still empty afterwards.
 * @throws BusyError naming the process that works there; FileError
 */
export const exclusively = async <R>(directory: string, work: () => Promise<R>): Promise<R> => {
  const release = await take(directory)
  try {
    return await work()
  } finally {
    await release()
  }
}

const take = async (directory: string, lock = join(directory, '.lock')): Promise<() => Promise<void>> => {
  const began = await beganAt(process.pid)
  const me: Holder = { host: hostname(), process: process.pid, ...(began && { began }), since: new Date().toISOString() }
  const release = await createExclusively(lock, `${JSON.stringify(me)}\n`)
  if (release !== undefined) return release
  const found = await readIfThere(lock)
  if (found === undefined && (await isLink(lock)))
    throw new BusyError(`${lock} is a link to a file that does not exist: delete it, if no process works there`)
  if (found !== undefined) {
    await checkGone(directory, lock, found)
    // One at a time, or what a second one removes is already the lock of the first.
    const removed = await take(directory, `${lock}.next`)
    if ((await readIfThere(lock)) === found) await rm(lock)
    await removed()
  }
  return take(directory, lock)
}

const isLink = (path: string): Promise<boolean> =>
  lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  )

/** @throws BusyError, unless the holder is known not to run any more */
const checkGone = async (directory: string, lock: string, found: string): Promise<void> => {
  const holder = holderIn(found)
  const advice = "Two would overwrite each other's files: choose another --out, or"
  if (holder === undefined)
    throw new BusyError(`${directory} is held by an unknown process. ${advice}, if none works there, delete ${lock}`)
  const { host, process: number, since } = holder
  if (host !== hostname())
    throw new BusyError(
      `${directory} is held by process ${number} of another machine, ${host}, since ${since}. ${advice}, if that does not run any more (it cannot be seen from here), delete ${lock}`,
    )
  if (await runs(holder))
    throw new BusyError(`${directory} is held by process ${number}, since ${since}. ${advice} wait until that is done`)
}

const holderIn = (text: string): Holder | undefined => {
  const { host, process: number, began, since } = (parseJson(text) ?? {}) as Json // of whatever else there is, no field is a string
  if (typeof host !== 'string' || typeof number !== 'number' || typeof since !== 'string') return undefined
  return { host, process: number, since, ...(typeof began === 'string' && { began }) }
}

const runs = async ({ process: number, began }: Holder): Promise<boolean> => {
  try {
    process.kill(number, 0) // asks, and sends nothing
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
  }
  return (await beganAt(number)) === began
}

/** Of a process that runs; proc(5): after its name in parentheses, its state is the 3rd field of all, and its beginning the 22nd. */
const beganAt = async (number: number): Promise<string | undefined> => {
  const text = await readFile(`/proc/${number}/stat`, 'utf8').catch(() => '')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? undefined : fields[22 - 3]
}
