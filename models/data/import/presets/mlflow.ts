/** MLflow: assessments of traces (feedback, and expectations: what would have been right), and the traces; or traces with their assessments inside. */
import { isObject, type Json } from '../../../io/fields.ts'
import { parseJson } from '../../../io/json.ts'
import { fieldOf } from '../fields.ts'
import { answered, asked, wrapped } from '../helpers.ts'
import type { Field, Preset } from '../mapping.ts'

const inside = (record: Json): readonly Json[] => {
  const listed = fieldOf(['info.assessments', 'assessments'], record)
  return Array.isArray(listed) ? listed.filter(isObject) : []
}
/** Requests and responses are JSON texts: a text alone has quotes. */
const json =
  (...paths: readonly string[]): Field =>
  (record) => {
    const value = fieldOf(paths, record)
    return typeof value === 'string' ? (parseJson(value) ?? value) : value
  }

/** People's before machines'. */
const feedback = (record: Json): unknown => {
  const given = inside(record).filter((each) => isObject(each.feedback))
  const human = given.find((each) => fieldOf('source.source_type', each) === 'HUMAN') ?? given[0]
  return human && fieldOf('feedback.value', human)
}
const expectation = (record: Json): unknown => {
  const texts = inside(record).map((each) => fieldOf('expectation.value', each))
  return texts.find((text) => typeof text === 'string')
}

export const preset: Preset = {
  title: "MLflow's assessments",
  source: 'https://mlflow.org/docs/latest/genai/assessments/feedback',
  mappings: [
    ...wrapped(
      {
        keys: ['trace_id', 'value | feedback | expectation', 'source.source_type | source'],
        about: 'trace_id',
        verdict: ['feedback.value', 'value'],
        correction: ['expectation.value'],
        columns: {
          name: ({ name, expectation: one }) => (one == null ? name : undefined),
          source: 'source.source_type',
          comment: 'rationale',
        },
      },
      'assessments',
    ),
    ...wrapped(
      {
        keys: ['trace_id | request_id | info.trace_id | info.request_id', 'request | data.request', 'response | data.response'],
        id: ['trace_id', 'request_id', 'info.trace_id', 'info.request_id'],
        prompt: asked(json('data.request', 'request')),
        completion: answered(json('data.response', 'response')),
        verdict: feedback,
        correction: expectation,
        columns: { time: ['info.timestamp_ms', 'timestamp_ms', 'request_time'], tags: 'info.tags' },
      },
      'traces',
    ),
  ],
}
