/** Likes texts that match a pattern. */
import { UsageError } from '../../terminal/errors.ts'
import type { JudgeKind } from '../kinds.ts'

export const judge: JudgeKind = {
  argument: '<pattern>',
  summary: 'likes texts that match a regular expression of JavaScript: pattern, or /pattern/flags',
  make: (text) => {
    const pattern = compiled(text)
    return { name: `regex ${text}`, score: (answers) => answers.map(({ completion }) => (pattern.test(completion) ? 1 : 0)) }
  },
}

const compiled = (text: string): RegExp => {
  const [, body = text, flags = 'u'] = /^\/(.*)\/([a-z]*)$/s.exec(text) ?? []
  try {
    return new RegExp(body, flags.replaceAll(/[gy]/g, '')) // those remember where they were
  } catch (error) {
    throw new UsageError(`--judge regex: ${error instanceof Error ? error.message : error}`)
  }
}
