/**
 * Gzipped files, unpacked as they are read. A file that is small and unpacks without end is refused:
 *
 *     unpacked bytes  ≤  max(256 MiB, 200 · bytes of the file)        or `ratio` · bytes of the file, where it is given
 */
import { stat } from 'node:fs/promises'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { DataError } from './errors.ts'
import { readChunks } from './files.ts'

/** Text of data packs five to twenty-fold; gzip's own bound is 1,032-fold. */
const [mostRatio, always] = [200, 2 ** 28]

/** @param ratio how many bytes may come of each, whatever their number. @throws FileError, DataError where it is no gzip file, is cut short, or unpacks to more than the limit */
export async function* unzipped(file: string, ratio?: number): AsyncGenerator<Uint8Array> {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0, // reading it says why
  )
  const most = ratio === undefined ? Math.max(always, mostRatio * size) : ratio * size
  let total = 0
  try {
    for await (const chunk of pipeline(Readable.from(readChunks(file)), createGunzip(), () => undefined)) {
      total += chunk.length
      if (total > most) throw bomb(file, size, most)
      yield chunk
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))) throw error
    throw new DataError({ file, expected: 'a gzip file', found: error.message, advice: 'Download it again, or compress it with gzip.' })
  }
}

const bomb = (file: string, size: number, most: number): DataError =>
  new DataError({
    file,
    expected: `at most ${most} bytes in a gzip file of ${size}`,
    found: 'more',
    advice: 'If it is what it should be, allow more (--max-unpacked), or unpack it with gunzip and give the file that comes of it.',
  })
