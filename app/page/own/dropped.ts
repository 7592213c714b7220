/** Files that a person dropped, as models read files: in a worker, piece by piece, so that a large file is never in memory as a whole. */
import { FileError, type Files } from '../../../models/index.ts'

/** What workers have beside what pages have. */
interface WorkerScope {
  readonly FileReaderSync: new () => { readonly readAsArrayBuffer: (part: Blob) => ArrayBuffer }
}
const scope = globalThis as unknown as WorkerScope // this file runs in workers alone

/** The files of one directory, by their names without it. */
export const dropped = (files: readonly File[]): Files => {
  const byName = new Map(files.map((file) => [file.name, file]))
  const found = (path: string): File => {
    const file = byName.get(path.slice(path.lastIndexOf('/') + 1))
    if (file !== undefined) return file
    const there = [...byName.keys()].slice(0, 12).join(', ') || 'none'
    throw new FileError({ file: path, expected: 'a file that can be read', found: 'no such file', advice: `There are ${there}.` })
  }
  return {
    exists: async (path) => byName.has(path.slice(path.lastIndexOf('/') + 1)),
    readText: (path) => found(path).text(),
    openBytes: async (path) => {
      const file = found(path)
      return {
        length: file.size,
        slice: (from, to) => new Uint8Array(new scope.FileReaderSync().readAsArrayBuffer(file.slice(from, to))),
      }
    },
  }
}
