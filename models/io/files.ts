/**
 * Files, at the edge: reading, and writing that is all or nothing. What is written goes beside its destination first, is flushed to the disk, and is
 * then renamed: whoever looks, at any moment, sees the whole old file or the whole new one. Every failure is a `FileError` that says what to do.
 * The package write-file-atomic does this for one file whose content is in memory; here a file may come in pieces (a model larger than memory), a directory
 * is replaced as a whole, and renames are made durable by flushing the directory.
 */
import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { access, constants, mkdir, open, readdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { own } from '../../core/internal.ts'
import { FileError, InputError } from './errors.ts'
import { decodeText } from './text.ts'

/**
 * The bytes of a file, all of them.
 * @throws FileError naming the path
 * @example
 * ```ts
 * import { readBytes } from 'halograd/models'
 * export const size = async (path: string) => (await readBytes(path)).length
 * ```
 */
export const readBytes = (path: string): Promise<Uint8Array> => guarded(path, 'a file that can be read', () => readFile(path))

/**
 * The text of a file in UTF-8, without a byte-order mark.
 * @throws FileError naming the path, also for what is not UTF-8
 * @example
 * ```ts
 * import { readText } from 'halograd/models'
 * export const config = async (path: string): Promise<unknown> => JSON.parse(await readText(path))
 * ```
 */
export const readText = async (path: string): Promise<string> => textOf(path, await readBytes(path))

/** …or nothing, where there is no such file. @throws FileError */
export const readIfThere = async (path: string): Promise<string | undefined> => {
  const bytes = await guarded(path, 'a file that can be read', () => readFile(path).catch(ifAbsent(undefined)))
  return bytes && textOf(path, bytes)
}

const textOf = (file: string, bytes: Uint8Array): string => decodeText(bytes, undefined, (why) => new FileError({ file, ...why }))

/** A file piece by piece, however large it is. @throws FileError */
export async function* readChunks(path: string): AsyncGenerator<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = createReadStream(path)[Symbol.asyncIterator]()
  try {
    for (;;) {
      const { done, value } = await guarded(path, 'a file that can be read', () => chunks.next())
      if (done === true) return
      yield value
    }
  } finally {
    await chunks.return?.()
  }
}

export const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

/**
 * Whether something could be written to a directory that may not exist yet: before the work whose result it is for.
 * @throws FileError
 */
export const checkWritable = (path: string): Promise<void> =>
  guarded(path, 'a directory that can be written', async () => {
    let nearest = resolve(path)
    while (!(await exists(nearest)) && dirname(nearest) !== nearest) nearest = dirname(nearest)
    await access(nearest, constants.W_OK)
  })

/** What a file holds; a large one piece by piece. */
export type Content = string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>

/**
 * Writes one file atomically, creating its directory when absent.
 * @throws FileError; then the destination is as it was, and nothing is left beside it
 * @example
 * ```ts
 * import { formatSafetensors, type StoredTensor, writeAtomically } from 'halograd/models'
 * export const save = (path: string, tensors: readonly StoredTensor[]) => writeAtomically(path, formatSafetensors(tensors))
 * ```
 */
export const writeAtomically = (path: string, content: Content): Promise<void> =>
  guarded(path, 'a file that can be written', async () => {
    await mkdir(dirname(path), { recursive: true })
    const staged = join(dirname(path), `.${basename(path)}.${unique()}.tmp`)
    await cleaningUp(staged, async () => {
      await writeFlushed(staged, content)
      await rename(staged, path)
    })
    await flushDirectory(dirname(path))
  })

/**
 * Writes the files of a directory, by name. A new directory appears whole or not at all. In an existing one every file is staged first, and the renames
 * come last: a full disk changes nothing. Files of other names are left alone; those given as `undefined` are removed.
 * @throws FileError; then the destination is as it was, and nothing is left beside it
 * @example
 * ```ts
 * import { type ModelConfig, modelFiles, type StoredTensor, writeDirectoryAtomically } from 'halograd/models'
 * export const save = (directory: string, config: ModelConfig, tensors: readonly StoredTensor[]) =>
 *   writeDirectoryAtomically(directory, modelFiles(config, tensors))
 * ```
 */
export const writeDirectoryAtomically = (path: string, files: Readonly<Record<string, Content | undefined>>): Promise<void> =>
  guarded(path, 'a directory that can be written', async () => {
    const parent = dirname(path)
    await mkdir(parent, { recursive: true })
    const isNew = (await readdir(path).catch(ifAbsent([]))).length === 0
    const staged = isNew ? join(parent, `.${basename(path)}.${unique()}.tmp`) : join(path, `.${unique()}.tmp`)
    await cleaningUp(staged, async () => {
      await mkdir(staged)
      const written = Object.entries(files).filter((file): file is [string, Content] => file[1] !== undefined)
      for (const [name, content] of written) await writeFlushed(join(staged, name), content)
      await flushDirectory(staged)
      if (isNew) return rename(staged, path)
      for (const [name] of written) await rename(join(staged, name), join(path, name))
      for (const [name, content] of Object.entries(files)) if (content === undefined) await rm(join(path, name), { force: true })
    })
    await flushDirectory(isNew ? parent : path)
  })

/**
 * Writes a file that nobody else has, creating its directory when absent. Returns what removes both again, a directory only if it was made here and is
 * empty; or nothing, where there is such a file.
 * @throws FileError; then nothing has changed
 */
export const createExclusively = (path: string, content: string): Promise<(() => Promise<void>) | undefined> =>
  guarded(dirname(path), 'a directory that can be written', async () => {
    const made = await mkdir(dirname(path), { recursive: true })
    const undo = async (): Promise<void> => {
      if ((await readIfThere(path)) === content) await rm(path)
      if (made !== undefined) await removeEmpty(resolve(dirname(path)), resolve(made))
    }
    try {
      await writeFlushed(path, content)
      return undo
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return undefined
      await rm(path, { force: true })
      throw error
    }
  })

/** A file that grows, such as a log: what was appended is there for other readers at once, and on the disk after `flush`. */
export interface Growing {
  readonly append: (content: string | Uint8Array) => Promise<void>
  readonly flush: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Opens a file to append to, creating it when absent. @throws FileError, from what is returned, too */
export const openGrowing = (path: string): Promise<Growing> => {
  const safely = <T>(work: () => Promise<T>): Promise<T> => guarded(path, 'a file that can be written', work)
  return safely(async () => {
    await mkdir(dirname(path), { recursive: true })
    const file = await open(path, 'a')
    return {
      append: (content) => safely(() => file.appendFile(content)),
      flush: () => safely(() => file.sync()),
      close: () => safely(() => file.close()),
    }
  })
}

/** Removes what a killed process has left beside its destination. @throws FileError */
export const removeStaged = (directory: string): Promise<void> =>
  guarded(directory, 'a directory that can be written', async () => {
    const names = (await readdir(directory).catch(ifAbsent([]))).filter((name) => /^\.(.*\.)?\d+-[0-9a-f]{12}\.tmp$/.test(name))
    for (const name of names) await rm(join(directory, name), { recursive: true, force: true })
  })

/** Removes folders that are empty, from the inner one to the outer one. */
const removeEmpty = async (inner: string, outer: string): Promise<void> => {
  const gone = await rmdir(inner).then(
    () => true,
    () => false,
  )
  if (gone && inner !== outer) await removeEmpty(dirname(inner), outer)
}

const unique = (): string => `${process.pid}-${randomBytes(6).toString('hex')}`

const writeFlushed = async (path: string, content: Content): Promise<void> => {
  const file = await open(path, 'wx')
  try {
    await writeFile(file, content)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes renames durable. Windows cannot open directories: there the rename itself has to do. */
const flushDirectory = async (path: string): Promise<void> => {
  if (process.platform === 'win32') return
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

const cleaningUp = async (staged: string, work: () => Promise<void>): Promise<void> => {
  try {
    await work()
  } finally {
    await rm(staged, { recursive: true, force: true })
  }
}

const ifAbsent =
  <T>(value: T) =>
  (error: unknown): T => {
    if (codeOf(error) === 'ENOENT') return value
    throw error
  }

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown')

/** What the operating system's codes mean for the user. */
const advice: Readonly<Record<string, readonly [found: string, advice: string]>> = {
  ENOENT: ['no such file or directory', 'Check the path.'],
  EACCES: ['permission denied', 'Change the permissions, or choose a path that you own.'],
  EPERM: ['operation not permitted', 'Change the permissions, or choose a path that you own.'],
  EROFS: ['a read-only file system', 'Choose a path on a writable file system.'],
  ENOSPC: ['no space left on the device', 'Free some space, or choose a path on another disk.'],
  EDQUOT: ['the disk quota exhausted', 'Free some space, or choose a path on another disk.'],
  EFBIG: ['a file larger than the system allows', 'Raise the limit (ulimit -f), or choose another file system.'],
  EISDIR: ['a directory', 'Give the path of a file.'],
  ENOTDIR: ['a file where a directory is needed', 'Check the path: one of its parents is a file.'],
  EEXIST: ['a file where a directory is needed', 'Check the path: one of its parents is a file.'],
  ERR_FS_FILE_TOO_LARGE: ['a file of more than 2 GiB', 'Split it into shards of less than 2 GiB.'],
}

const guarded = async <T>(path: string, expected: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    if (error instanceof InputError) throw error // of what was to be written, not of the file
    throw fileError(path, expected, error)
  }
}

/** What a failure of the operating system means for the user. */
export const fileError = (path: string, expected: string, error: unknown): FileError => {
  const code = codeOf(error)
  const [found, todo] = own(advice, code) ?? [error instanceof Error ? error.message : String(error), 'Check the path and the disk.']
  return new FileError({ file: path, expected, found: `${found} (${code})`, advice: todo })
}
