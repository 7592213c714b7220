/**
 * Where model directories are read from. In Node that is the file system (`files.ts`), which `models/index.ts` names here; a page has no file
 * system, and names what it has: dropped files, an archive, the origin-private file system.
 *
 *     useFiles(filesIn({ 'model/config.json': bytes, 'model/model.safetensors': bytes, … }))
 *     const weights = await readWeights('model')
 */
import { FileError } from './errors.ts'
import { decodeText } from './text.ts'

/** Bytes that are read piece by piece, when they are asked for. */
export interface Bytes {
  readonly length: number
  /** Those from `from` to before `to`. They are not to be changed. */
  readonly slice: (from: number, to: number) => Uint8Array
}

/** What models are read from. Node supplies its file system; a page supplies its own: see `useFiles`. */
export interface Files {
  readonly exists: (path: string) => Promise<boolean>
  /** @throws FileError naming the path */
  readonly readText: (path: string) => Promise<string>
  /** A large file, of which only parts are in memory at once. @throws FileError naming the path */
  readonly openBytes: (path: string) => Promise<Bytes>
}

const missing = (path: string, found: string, advice: string): FileError =>
  new FileError({ file: path, expected: 'a file that can be read', found, advice })

const nowhere = async (path: string): Promise<never> => {
  throw missing(path, 'no file system', 'Name one: useFiles(filesIn({ path: bytes, … }))')
}
let current: Files = { exists: nowhere, readText: nowhere, openBytes: nowhere }

/**
 * Sets where models and tokenizers are read from, for the whole process. In Node the default is the file system; a page has no default, and reading
 * throws a FileError until one is set.
 * @example
 * ```ts
 * import { filesIn, loadModel, useFiles } from 'halograd/models'
 * export const modelIn = (files: Readonly<Record<string, Uint8Array>>) => {
 *   useFiles(filesIn(files))
 *   return loadModel('model')
 * }
 * ```
 */
export const useFiles = (files: Files): void => {
  current = files
}

/**
 * Files in memory, by path, as an adapter for `useFiles`.
 * @throws FileError, from its functions, for a path that is not there
 * @example
 * ```ts
 * import { filesIn } from 'halograd/models'
 * const files = filesIn({ 'model/config.json': new TextEncoder().encode('{"model_type": "gpt2"}') })
 * const text = await files.readText('model/config.json')
 * ```
 */
export const filesIn = (files: Readonly<Record<string, Uint8Array>>): Files => {
  const bytesOf = async (path: string): Promise<Uint8Array> => {
    const bytes = Object.hasOwn(files, path) ? files[path] : undefined
    if (bytes === undefined) throw missing(path, 'no such file', `There are ${Object.keys(files).join(', ') || 'none'}.`)
    return bytes
  }
  return {
    exists: async (path) => Object.hasOwn(files, path),
    readText: async (path) => decodeText(await bytesOf(path), undefined, (why) => new FileError({ file: path, ...why })),
    openBytes: async (path) => {
      const bytes = await bytesOf(path)
      return { length: bytes.length, slice: (from, to) => bytes.subarray(from, to) }
    },
  }
}

export const exists: Files['exists'] = (path) => current.exists(path)
export const readText: Files['readText'] = (path) => current.readText(path)
export const openBytes: Files['openBytes'] = (path) => current.openBytes(path)

/** A file of a directory. */
export const join = (directory: string, name: string): string => `${directory.replace(/\/+$/, '')}/${name}`
