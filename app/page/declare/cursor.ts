/** Texts of formulas as tokens, read from left to right. Whatever is wrong is an error with its place; nesting has a limit, for readers are recursive. */

/** What is wrong with a text, and where: `at` counts characters from 0. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'
  readonly at: number
  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

interface Token {
  readonly at: number
  readonly text: string
}
const longest = 2000
const deepest = 100
const pattern = /\s+|\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|[A-Za-zσ_]\w*|=>|[-+*/^()<>?:,.−·]/gy

/** The tokens from a place on. */
const tokensOf = (text: string, from: number): readonly Token[] => {
  if (text.length > longest) throw new ExpressionError(longest, `the text has ${text.length} characters; at most ${longest} are read`)
  const tokens: Token[] = []
  for (let at = from; at < text.length; ) {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found === undefined) throw new ExpressionError(at, `“${[...text.slice(at)][0]}” is not part of the language`)
    if (found.trim() !== '') tokens.push({ at, text: found === '−' ? '-' : found === '·' ? '*' : found })
    at += found.length
  }
  return tokens
}

/** A place in a text. */
export interface Cursor {
  /** The token here. */
  readonly peek: () => string | undefined
  /** The token here, if it is one of these; the cursor is behind it then. */
  readonly take: (...those: readonly string[]) => string | undefined
  /** The token here, whatever it is. */
  readonly next: () => string
  readonly expect: (text: string) => void
  /** The token here, for an error. */
  readonly found: () => string
  /** @throws ExpressionError at the token here, or at the one so many tokens before */
  readonly fail: (message: string, back?: number) => never
  /** One level deeper. @throws ExpressionError where that is too deep */
  readonly deeper: <T>(read: () => T) => T
}

export const cursorOf = (text: string, from: number): Cursor => {
  const tokens = tokensOf(text, from)
  let [place, depth] = [0, 0]
  const peek = (): string | undefined => tokens[place]?.text
  const fail = (message: string, back = 0): never => {
    throw new ExpressionError(tokens[place - back]?.at ?? text.length, message)
  }
  const found = (): string => (peek() === undefined ? 'the end of the text' : `“${peek()}”`)
  const take = (...those: readonly string[]): string | undefined => (those.includes(peek() ?? '') ? tokens[place++]?.text : undefined)
  return {
    ...{ peek, take, found, fail },
    next: () => tokens[place++]?.text ?? '',
    expect: (wanted) => void (take(wanted) ?? fail(`expected “${wanted}”, found ${found()}`)),
    deeper: (read) => {
      if (++depth > deepest) fail(`the formula is nested more than ${deepest} deep`)
      const made = read()
      depth--
      return made
    },
  }
}
