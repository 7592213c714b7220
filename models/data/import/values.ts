/**
 * Verdicts as people and programs write them: true, 1, "1", GOOD, like, thumbsUp, 👍 are good; false, -1, BAD, dislike, thumbs_down, 👎 are bad.
 * What is neither is no verdict: absent is not negative. A 0 is bad beside 1, and a draw beside −1, which no single row can tell: see `Scale`.
 */

import { own } from '../../../core/internal.ts'

/** Values that mean the same: texts in any case, numbers however written, and conditions such as '>=4'. */
export type VerdictWords = readonly (string | number | boolean)[]

const good: VerdictWords = [
  ...[
    'true',
    1,
    'yes',
    'y',
    'good',
    'up',
    'like',
    'liked',
    'thumbsup',
    'upvote',
    'positive',
    'pos',
    'desirable',
    'chosen',
    'preferred',
    'accepted',
  ],
  ...['accept', 'approve', 'approved', 'helpful', 'correct', 'pass', 'satisfied', 'useful', '👍', '✅', '✓', '❤️'],
]
const bad: VerdictWords = [
  ...[
    'false',
    0,
    -1,
    'no',
    'n',
    'bad',
    'down',
    'dislike',
    'disliked',
    'thumbsdown',
    'downvote',
    'negative',
    'neg',
    'undesirable',
    'rejected',
  ],
  ...['reject', 'nonpreferred', 'unhelpful', 'nothelpful', 'incorrect', 'wrong', 'fail', 'dissatisfied', 'useless', '👎', '❌', '✗'],
]

/** Whether a value is a verdict in one of the common ways, and which. */
export const verdictOf = (value: unknown): boolean | undefined => judge(value, { good, bad })

export interface Scale {
  readonly good?: VerdictWords
  readonly bad?: VerdictWords
}

/** Which side of a scale a value is on, if any. Where only one side is given, the other is the common one, without what was given. */
export const judge = (value: unknown, scale: Scale): boolean | undefined => {
  if (among(value, scale.good ?? [])) return true
  if (among(value, scale.bad ?? [])) return false
  if (scale.good === undefined && among(value, good)) return true
  if (scale.bad === undefined && among(value, bad)) return false
  return undefined
}

/** No verdict at all, rather than one that nobody knows. */
export const isSilent = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'string' && /^\W*$/.test(value) && !/\p{Emoji_Presentation}/u.test(value))

const among = (value: unknown, values: VerdictWords): boolean => values.some((each) => (conditionOf(each) ?? equals(each))(value))

const equals =
  (one: string | number | boolean) =>
  (other: unknown): boolean => {
    const [a, b] = [numberOf(one), numberOf(other)]
    if (a !== undefined && b !== undefined) return a === b
    return ['string', 'number', 'boolean'].includes(typeof other) && wordOf(one) === wordOf(other)
  }

/** Thumbs-Up, thumbs_up and THUMBS UP are one word. */
const wordOf = (value: unknown): string =>
  String(value)
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, '')
    .replace(/[\u{1F3FB}-\u{1F3FF}\uFE0F]/gu, '')

const numberOf = (value: unknown): number | undefined => {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || !/^[+-]?(\d+\.?\d*|\.\d+)$/.test(value.trim())) return undefined
  return Number(value)
}

const tests: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '>=': (a, b) => a >= b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '<': (a, b) => a < b,
}

/** '>=4' as a test of numbers; nothing for what is no condition. */
export const conditionOf = (text: unknown): ((value: unknown) => boolean) | undefined => {
  const [, sign, bound] = typeof text === 'string' ? (/^\s*(>=|<=|>|<)\s*([+-]?[\d.]+)\s*$/.exec(text) ?? []) : []
  const test = sign === undefined ? undefined : own(tests, sign)
  if (test === undefined) return undefined
  return (value) => {
    const n = numberOf(value)
    return n !== undefined && test(n, Number(bound))
  }
}
