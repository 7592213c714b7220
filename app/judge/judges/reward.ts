/** Likes what a reward model gives a larger number: R(x, y). */

import { scoreAll } from '../../inference/scoring.ts'
import { loadRewardModel } from '../../inputs/checkpoint.ts'
import { exampleOf } from '../../inputs/examples.ts'
import type { JudgeKind } from '../kinds.ts'

export const judge: JudgeKind = {
  argument: '<dir>',
  summary: 'asks a reward model, such as `halograd train reward` makes',
  make: async (directory, { backend }) => {
    const { model, parameters, tokenizer } = await loadRewardModel(directory)
    return {
      name: `reward ${directory}`,
      score: (answers, report) => {
        const texts = answers.map(({ prompt, completion }) => exampleOf(tokenizer, prompt, completion, model.config.context))
        return scoreAll(backend, model, parameters, texts, report)
      },
    }
  },
}
