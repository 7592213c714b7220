/** Opik: scores of traces, and the traces; or traces with their feedback_scores inside. */
import { isObject, type Json } from '../../../io/fields.ts'
import { answered, asked, wrapped } from '../helpers.ts'
import type { Preset } from '../mapping.ts'

/** Scores that a person gave, where it is told who did. */
const score = ({ feedback_scores: scores }: Json): unknown => {
  const listed = (Array.isArray(scores) ? scores : []).filter(isObject)
  return (listed.find(({ source }) => source === 'ui') ?? listed[0])?.value
}

export const preset: Preset = {
  title: "Opik's scores",
  source: 'https://www.comet.com/docs/opik/tracing/annotate_traces',
  mappings: [
    ...wrapped(
      {
        keys: ['id', 'name', 'value', 'source | reason | category_name'],
        about: 'id',
        verdict: 'value',
        columns: { name: 'name', source: 'source', comment: 'reason' },
      },
      'scores',
    ),
    ...wrapped(
      {
        keys: ['id', 'input', 'output', 'feedback_scores | project_id | project_name | thread_id | start_time'],
        id: 'id',
        prompt: asked('input'),
        completion: answered('output'),
        verdict: score,
        columns: { time: 'start_time', tags: 'tags' },
      },
      'content',
    ),
  ],
}
