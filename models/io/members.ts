/**
 * One JSON object of any size whose arrays hold the records: for each element of an array that is a member, an object with that element alone, and with the
 * other members so far. No more is held than one element and those.
 *
 *     {"version": 1, "data": [ {…}, {…} ]}  →  {"version": 1, "data": [{…}]}   {"version": 1, "data": [{…}]}
 */
import type { Json } from './fields.ts'
import { parseJson } from './json.ts'

/** An object with one element; or the text of what is no JSON, or nothing where it is longer than the limit; and the line on which it ends, from 1. */
export interface ObjectPart {
  readonly line: number
  readonly json?: Json
  readonly text?: string
}

/** The parts of a text that begins with `{`. Where the object is not closed, the last part is an empty text. */
export async function* partsOf(text: AsyncIterable<string>, longest: number): AsyncGenerator<ObjectPart> {
  const scan = scanner(longest)
  for await (const piece of text) yield* scan.read(piece)
  if (!scan.closed()) yield { line: scan.line(), text: '' }
}

/** What is between two signs that matter: from the last to the next one, and what that is. */
interface Chunk {
  readonly sign: ',' | '[' | ']' | '}'
  /** How many brackets are open before it. */
  readonly depth: number
  readonly text: string | undefined
  /** The line of the sign. */
  readonly line: number
}

const scanner = (longest: number) => {
  const cut = cutter(longest)
  /** The members that are no arrays, and how long they are together. */
  let [others, size]: [Json, number] = [{}, 0]
  let key: string | undefined
  const part = ({ sign, depth, text, line }: Chunk): readonly ObjectPart[] => {
    if (sign === '[' && depth === 1) {
      key = keyIn(text)
      return key === undefined ? [{ line, ...(text !== undefined && { text }) }] : []
    }
    if (text?.trim() === '') return []
    if (key !== undefined && depth === 2) {
      const element = text === undefined ? undefined : parseJson(text)
      return element === undefined ? [{ line, ...(text !== undefined && { text }) }] : [{ line, json: { ...others, [key]: [element] } }]
    }
    const member = text === undefined ? undefined : parseJson(`{${text}}`)
    if (typeof member !== 'object' || member === null) return [{ line, ...(text !== undefined && { text }) }]
    const full = size > longest
    size += text?.length ?? 0
    if (size <= longest) others = { ...others, ...member }
    return size > longest && !full ? [{ line }] : []
  }
  const read = (piece: string): readonly ObjectPart[] =>
    cut.read(piece).flatMap((chunk) => {
      const parts = part(chunk)
      if (chunk.sign === ']' && chunk.depth === 2) key = undefined
      return parts
    })
  return { read, line: cut.line, closed: cut.closed }
}

/** `"data":` before its array. */
const keyIn = (text: string | undefined): string | undefined => {
  const parsed = parseJson(`{${text ?? ''}null}`)
  return typeof parsed === 'object' && parsed !== null ? Object.keys(parsed)[0] : undefined
}

const interesting = /["\\[\]{},\n]/g

/** Cuts a text at the commas and brackets of the object and of the arrays that are its members. */
const cutter = (longest: number) => {
  let [line, quoted, escaped] = [1, false, false]
  /** Open brackets; of the outer two, the second is an array that is a member or it is not cut. */
  const open: string[] = []
  let [parts, length]: [string[], number] = [[], 0]
  const take = (part: string): void => {
    length += part.length
    if (length > longest) parts = []
    else parts.push(part)
  }
  const end = (): string | undefined => {
    const text = length > longest ? undefined : parts.join('')
    ;[parts, length] = [[], 0]
    return text
  }
  const isCut = (sign: string): boolean =>
    sign === '[' ? open.length === 1 : sign === '{' ? open.length === 0 : open.length === 1 || (open.length === 2 && open[1] === '[')
  const read = (piece: string): readonly Chunk[] => {
    const found: Chunk[] = []
    let from = 0
    interesting.lastIndex = escaped ? 1 : 0
    escaped = false
    for (let match = interesting.exec(piece); match !== null; match = interesting.exec(piece)) {
      const [at, sign] = [match.index, match[0]]
      if (sign === '\n') line++
      else if (sign === '"') quoted = !quoted
      else if (sign === '\\') {
        escaped = at + 1 >= piece.length
        interesting.lastIndex = at + 2
      } else if (!quoted) {
        const cut = isCut(sign)
        if (cut) {
          take(piece.slice(from, at))
          from = at + 1
          const text = end()
          if (sign === ',' || sign === '[' || sign === ']' || sign === '}') found.push({ sign, depth: open.length, text, line })
        }
        if (sign === '[' || sign === '{') open.push(sign)
        else if (sign !== ',') open.pop()
      }
    }
    take(piece.slice(from))
    return found
  }
  return { read, line: () => line, closed: () => open.length === 0 }
}
