/**
 * Text from bytes, strictly: what is not in the encoding is refused with its place and the encoding that it seems to have, never replaced.
 *
 *     bytes  →  UTF-8, or the encoding that was named  →  text        (a byte order mark is no part of the text)
 */
import type { InputFinding } from './errors.ts'

/** Where text is not in its encoding. Lines from 1. */
export type Undecodable = Pick<InputFinding, 'line' | 'expected' | 'found' | 'advice'>

/** Decodes pieces as they come. Left to throw: `fail` makes the error. @param encoding a label of the WHATWG Encoding Standard */
export const textDecoder = (encoding: string | undefined, fail: (why: Undecodable) => Error) => {
  const decoder = decoderFor(encoding, fail)
  let [line, first] = [1, true]
  return (bytes: Uint8Array, last: boolean): string => {
    if (encoding === undefined && first && looksWide(bytes)) throw fail(undecodable(line, bytes, 0))
    first = false
    try {
      const text = decoder.decode(bytes, { stream: !last })
      line += newlines(text)
      return text
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      if (encoding !== undefined) throw fail(notIn(encoding, line))
      const at = firstInvalid(bytes)
      throw fail(undecodable(line + newlines(new TextDecoder().decode(bytes.subarray(0, at))), bytes, at))
    }
  }
}

/** A whole text. */
export const decodeText = (bytes: Uint8Array, encoding: string | undefined, fail: (why: Undecodable) => Error): string =>
  textDecoder(encoding, fail)(bytes, true)

const decoderFor = (encoding = 'utf-8', fail: (why: Undecodable) => Error): TextDecoder => {
  try {
    return new TextDecoder(encoding, { fatal: true })
  } catch {
    throw fail({
      expected: 'the name of an encoding, such as utf-8, windows-1252, utf-16le, shift_jis, gb18030',
      found: encoding,
      advice: 'Use a label of the WHATWG Encoding Standard.',
    })
  }
}

const newlines = (text: string): number => {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++
  return count
}

const isUtf8 = (bytes: Uint8Array): boolean => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes) !== ''
  } catch {
    return false
  }
}

/** The first byte that belongs to no character of UTF-8, or begins one that is cut; where there is none, the piece before ended inside a character. */
const firstInvalid = (bytes: Uint8Array): number => {
  let i = 0
  while (i < 3 && i < bytes.length && (bytes[i]! & 0xc0) === 0x80) i++
  let start = 0
  while (i < bytes.length) {
    const c = bytes[i]!
    const length = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0
    if (length === 0 || (length > 1 && i + length <= bytes.length && !isUtf8(bytes.subarray(i, i + length)))) return i
    start = i
    i += length
  }
  return i > bytes.length ? start : 0
}

const undecodable = (line: number, bytes: Uint8Array, at: number): Undecodable => {
  if (bytes.length === 0)
    return { line, expected: 'UTF-8', found: 'the end of the file inside a character', advice: 'The file was cut short: copy it again.' }
  const guess = guessEncoding(bytes)
  const around = new TextDecoder(guess)
    .decode(bytes.subarray(Math.max(0, at - 20), at + 20))
    .replace(/\s+/g, ' ')
    .trim()
  return {
    line,
    expected: 'UTF-8',
    found: `byte 0x${bytes[at]!.toString(16).padStart(2, '0')}, perhaps ${guess}: ${JSON.stringify(around)}`,
    advice: `If that reads well, add --encoding ${guess}; otherwise save the file as UTF-8.`,
  }
}

const notIn = (encoding: string, line: number): Undecodable => ({
  line,
  expected: `text in ${encoding}`,
  found: 'bytes that mean nothing in it',
  advice: 'Name the encoding that the file has, or save it as UTF-8.',
})

/** The encoding that bytes which are not UTF-8 seem to have: `windows-1252` agrees with Latin-1 (ISO 8859-1) wherever that has letters. */
const guessEncoding = (bytes: Uint8Array): string => {
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  const [even, odd] = zeros(bytes)
  return even + odd === 0 ? 'windows-1252' : even > odd ? 'utf-16be' : 'utf-16le'
}

/** UTF-16 without a mark: every other byte of Latin text is zero, which is valid UTF-8. */
const looksWide = (bytes: Uint8Array): boolean => {
  const [even, odd] = zeros(bytes)
  const sample = Math.min(bytes.length, sampled)
  return sample >= 4 && Math.max(even, odd) > sample / 5 && Math.min(even, odd) < sample / 50 + 1
}
const sampled = 1000

const zeros = (bytes: Uint8Array): readonly [even: number, odd: number] => {
  const count = [0, 0] as [number, number]
  for (let i = 0; i < Math.min(bytes.length, sampled); i++) if (bytes[i] === 0) count[(i % 2) as 0 | 1]++
  return count
}
