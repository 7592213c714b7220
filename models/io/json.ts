/**
 * JSON of unknown origin: how deep it is nested is known before anything recursive sees it, and what is malformed is named by line and column.
 *
 *     depth(text) = the most brackets open at once, outside strings
 */
import type { InputError, InputFinding } from './errors.ts'
import { readText } from './source.ts'

/** Brackets inside brackets. Python's json refuses more than about 1,000, too: nothing that halograd reads needs ten. */
export const deepest = 1000

/** Whether more than `most` brackets are open at once. Linear in the text, which need not be JSON. */
export const deeper = (text: string, most = deepest): boolean => {
  if (text.length <= most) return false
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === quote) i = endOfString(text, i)
    else if (c === 0x5b || c === 0x7b) {
      if (++depth > most) return true
    } else if (c === 0x5d || c === 0x7d) depth--
  }
  return false
}

const [quote, backslash] = [0x22, 0x5c]

/** Where the string that begins at `from` ends: the place of its closing quote, or of the end of the text. */
export const endOfString = (text: string, from: number): number => {
  for (let at = text.indexOf('"', from + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let escapes = 0
    while (text.charCodeAt(at - 1 - escapes) === backslash) escapes++
    if (escapes % 2 === 0) return at
  }
  return text.length
}

/** What the text says, or `undefined` where it is not JSON, or is nested deeper than `deepest`. */
export const parseJson = (text: string): unknown => {
  if (deeper(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Why `parseJson` returned nothing. */
export const whyNotJson = (text: string): Pick<InputFinding, 'line' | 'found'> => {
  if (deeper(text)) return { found: `brackets nested more than ${deepest} deep` }
  try {
    JSON.parse(text)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const at = /at position (\d+)/.exec(message)?.[1]
    const before = at === undefined ? undefined : text.slice(0, Number(at))
    const line = before?.split('\n').length
    return { ...(line === undefined ? {} : { line }), found: `malformed JSON (${message.replace(/"[^"]{60,}"/g, '"…"')})` }
  }
  return { found: 'JSON' }
}

/**
 * The JSON document that a file holds.
 * @param Kind of the error that is thrown
 * @throws FileError when it cannot be read or is not UTF-8; `Kind` when it is not JSON, naming the line
 */
export const readJson = async (file: string, Kind: new (finding: InputFinding) => InputError): Promise<unknown> => {
  const text = await readText(file)
  const value = parseJson(text)
  if (value === undefined)
    throw new Kind({ file, expected: 'a JSON document', ...whyNotJson(text), advice: 'Copy the file again from where it came from.' })
  return value
}
