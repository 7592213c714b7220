/** LangSmith: feedback, and the runs that it is about. A correction is a better answer. */
import { isObject, type Json } from '../../../io/fields.ts'
import { answered, asked } from '../helpers.ts'
import type { Preset } from '../mapping.ts'

/** Agent servers write the verdict into the key: user_liked, user_disliked. */
const verdict = ({ key, score, value }: Json): unknown =>
  key === 'user_disliked' ? false : key === 'user_liked' ? true : (score ?? (isObject(value) ? undefined : value))

export const preset: Preset = {
  title: "LangSmith's feedback",
  source: 'https://github.com/langchain-ai/langsmith-sdk/blob/main/python/langsmith/schemas.py',
  mappings: [
    {
      keys: ['run_id', 'key', 'score | value | correction'],
      about: 'run_id',
      verdict,
      correction: answered('correction'),
      columns: {
        name: ({ key, correction }) => (correction == null ? String(key).replace(/_(dis)?liked$/, '_liked') : undefined),
        source: 'feedback_source.type',
        time: 'created_at',
        comment: 'comment',
      },
    },
    {
      keys: ['id', 'inputs', 'outputs'],
      id: 'id',
      prompt: asked('inputs'),
      completion: answered('outputs'),
      columns: { model: ['extra.metadata.ls_model_name', 'name'], time: 'start_time', tags: 'tags' },
    },
  ],
}
