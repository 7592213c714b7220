/**
 * The elements of a JSON array, one after another as the text arrives: of a file of any size no more is held than one element. Only brackets and quotes are
 * looked at; what is between them is left to JSON.parse.
 *
 *     [ {…}, {…} ]  →  {…}   {…}
 */

import { parseJson } from './json.ts'

/** An element as it is written, or nothing where it is longer than the limit; and the line on which it ends, from 1. */
export interface Element {
  readonly line: number
  readonly text: string | undefined
}

/** What a text holds that begins with `[`: its elements; then, where the array is not all or not closed, the rest, as it is. */
export async function* elementsOf(text: AsyncIterable<string>, longest: number): AsyncGenerator<Element> {
  const split = splitter(longest)
  for await (const piece of text) yield* split(piece)
  yield* split(undefined)
}

const interesting = /["\\[\]{},\n]/g

/** Gives the elements that end in the next piece; at the end (`undefined`) what is left over. */
const splitter = (longest: number) => {
  let [line, depth, quoted, escaped, closed] = [1, 0, false, false, false]
  let [parts, length]: [string[], number] = [[], 0]
  const take = (part: string): void => {
    length += part.length
    if (length > longest) parts = []
    else parts.push(part)
  }
  const end = (rest: string): readonly Element[] => {
    take(rest)
    const element = length > longest ? undefined : parts.join('')
    ;[parts, length] = [[], 0]
    return element?.trim() === '' ? [] : [{ line, text: element }]
  }
  return (piece: string | undefined): readonly Element[] => {
    if (piece === undefined) return [...end(''), ...(closed ? [] : [{ line, text: '' }])]
    const found: Element[] = []
    let from = 0
    interesting.lastIndex = 0
    // A backslash that ended the last piece makes the first character of this one harmless.
    if (escaped) interesting.lastIndex = 1
    escaped = false
    for (let match = interesting.exec(piece); match !== null; match = interesting.exec(piece)) {
      const [at, sign] = [match.index, match[0]]
      if (sign === '\n') line++
      else if (quoted) {
        if (sign === '"') quoted = false
        else if (sign === '\\') {
          escaped = at + 1 >= piece.length
          interesting.lastIndex = at + 2
        }
      } else if (sign === '"') quoted = true
      else if (sign === '[' || sign === '{') {
        if (++depth === 1) from = at + 1
      } else if (sign === ',' ? depth === 1 : sign === ']' || sign === '}') {
        if (sign !== ',') depth--
        if (depth > 1 || (depth === 1 && sign !== ',')) continue
        found.push(...end(piece.slice(from, at)))
        from = at + 1
        closed = depth === 0
      }
    }
    take(piece.slice(from))
    return found
  }
}

/** How a JSON text is laid out: one value a line, one array, or one object over several lines; and the text, to be read from its beginning. */
export interface ElementLayout {
  readonly kind: 'lines' | 'array' | 'object'
  readonly text: AsyncIterable<string>
}

/** Looks at the first line that is not blank. */
export const layoutOf = async (text: AsyncIterable<string>, longest: number): Promise<ElementLayout> => {
  const [pieces, read]: [AsyncIterator<string>, string[]] = [text[Symbol.asyncIterator](), []]
  let [sign, length] = ['', 0]
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
    read.push(next.value)
    length += next.value.length
    sign ||= next.value.trimStart()[0] ?? ''
    if (sign === '[' || length > longest || (sign !== '' && next.value.includes('\n'))) break
  }
  const [line = ''] = read.join('').trimStart().split('\n', 1)
  const kind = sign === '[' ? 'array' : sign === '{' && (line.length > longest || parseJson(line) === undefined) ? 'object' : 'lines'
  return { kind, text: again(read, pieces) }
}

/** What was read, and then the rest. */
export async function* again(read: readonly string[], pieces: AsyncIterator<string>): AsyncGenerator<string> {
  try {
    yield* read
    for (let next = await pieces.next(); !next.done; next = await pieces.next()) yield next.value
  } finally {
    await pieces.return?.()
  }
}
