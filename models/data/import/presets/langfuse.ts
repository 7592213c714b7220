/** Langfuse: scores (of its API v1 or v3), and the traces or observations that they are about. A score of type CORRECTION is a better answer. */
import type { Json } from '../../../io/fields.ts'
import { answered, asked, wrapped } from '../helpers.ts'
import type { Mapping, Preset } from '../mapping.ts'

const corrects = ({ dataType }: Json): boolean => dataType === 'CORRECTION'

const score: Omit<Mapping, 'keys'> = {
  about: ['subject.id', 'observationId', 'traceId'],
  verdict: (record) =>
    corrects(record) ? undefined : record.dataType === 'CATEGORICAL' ? (record.stringValue ?? record.value) : record.value,
  correction: (record) => (corrects(record) ? (record.stringValue ?? record.value) : undefined),
  columns: { name: (record) => (corrects(record) ? undefined : record.name), source: 'source', time: 'timestamp', comment: 'comment' },
}

export const preset: Preset = {
  title: "Langfuse's scores",
  source: 'https://github.com/langfuse/langfuse/tree/main/fern/apis/server/definition',
  mappings: [
    ...wrapped({ ...score, keys: ['name', 'value | stringValue', 'dataType', 'subject.id'] }, 'data'),
    ...wrapped({ ...score, keys: ['name', 'value | stringValue', 'dataType | source', 'traceId'] }, 'data'),
    ...wrapped(
      {
        keys: ['id', 'input', 'output', 'projectId | traceId | timestamp | startTime'],
        id: 'id',
        prompt: asked('input'),
        completion: answered('output'),
        columns: { model: 'model', time: ['timestamp', 'startTime'], tags: 'tags' },
      },
      'data',
    ),
  ],
}
