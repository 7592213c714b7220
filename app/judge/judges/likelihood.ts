/** Likes texts that a model finds likely: log π(y|x) / |y|, the end of the text included. Of an empty text without an end there is nothing to say: −∞. */

import { scoreAll } from '../../inference/scoring.ts'
import { loadCheckpoint } from '../../inputs/checkpoint.ts'
import { exampleOf } from '../../inputs/examples.ts'
import type { JudgeKind } from '../kinds.ts'

export const judge: JudgeKind = {
  argument: '<dir>',
  summary: 'likes the text that a model finds likelier, per token',
  make: async (directory, { backend }) => {
    const { model, parameters, tokenizer } = await loadCheckpoint(directory)
    return {
      name: `likelihood ${directory}`,
      score: async (answers, report) => {
        const texts = answers.map(({ prompt, completion }) => exampleOf(tokenizer, prompt, completion, model.config.context))
        const scores = await scoreAll(backend, model, parameters, texts, report)
        return scores.map((score, i) => (texts[i]!.completion.length === 0 ? -Infinity : score / texts[i]!.completion.length))
      },
    }
  },
}
