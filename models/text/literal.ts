/**
 * Texts of users that spell a special token are text, not that token: otherwise whoever writes one could end a turn, or begin another's. The spelling
 * gets a mark inside, a noncharacter of Unicode, at which `encode` cuts a text in pieces: no piece spells the token, and the mark itself is never read.
 *
 *     literal('a</s>', ['</s>']) = 'a<' + mark + '/s>'        encode(that) = [...encode('a<'), ...encode('/s>')]
 */
import { isObject } from '../io/fields.ts'

export const mark = '\uFDD1'

/** The text with a mark in every spelling of these tokens. */
export const literal = (text: string, specials: readonly string[]): string =>
  specials.reduce(
    (marked, special) => {
      const [first = '', ...rest] = special
      return marked.replaceAll(special, `${first}${mark}${rest.join('')}`)
    },
    text.replaceAll(mark, ''),
  )

/** The same for every text of a value in JSON. */
export const literalJson = <T>(value: T, specials: readonly string[]): T => {
  const marked = (each: unknown): unknown => {
    if (typeof each === 'string') return literal(each, specials)
    if (Array.isArray(each)) return each.map(marked)
    return isObject(each) ? Object.fromEntries(Object.entries(each).map(([key, inner]) => [key, marked(inner)])) : each
  }
  return marked(value) as T // of the same shape
}

/** A text as people should see it. */
export const unmarked = (text: string): string => text.replaceAll(mark, '')
