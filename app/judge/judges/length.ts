/** Likes short texts, or those nearest a length. */

import { words } from '../../inputs/texts.ts'
import { UsageError } from '../../terminal/errors.ts'
import type { JudgeKind } from '../kinds.ts'

export const judge: JudgeKind = {
  argument: '[words]',
  summary: 'likes the shorter text, or the one whose length in words is nearer to a number',
  make: (text) => {
    const wanted = Number(text)
    if (!(wanted >= 0)) throw new UsageError(`--judge length: expected a number of words, found '${text}'`)
    return {
      name: `length ${text}`.trim(),
      score: (answers) => answers.map(({ completion }) => -Math.abs(words(completion).length - wanted)),
    }
  },
}
