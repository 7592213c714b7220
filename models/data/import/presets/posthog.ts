/** PostHog: events. `$ai_generation` has the texts; a survey on a trace, or an older `$ai_metric`, the verdict. */
import { isObject, type Json } from '../../../io/fields.ts'
import { answered, asked, wrapped } from '../helpers.ts'
import type { Mapping, Preset } from '../mapping.ts'

const trace = "properties['$ai_trace_id']"

/** A thumb survey answers 1 for up and 2 for down, or says it. */
const survey = ({ properties }: Json): unknown => {
  const [, answer] = Object.entries(isObject(properties) ? properties : {}).find(([name]) => /^\$survey_response/.test(name)) ?? []
  return String(answer) === '2' ? 'down' : String(answer) === '1' ? 'up' : answer
}

const event = (mapping: Mapping): readonly Mapping[] => wrapped(mapping, 'results', 'data')

export const preset: Preset = {
  title: "PostHog's events",
  source: 'https://posthog.com/docs/ai-observability/manual-capture',
  mappings: [
    ...event({
      keys: [trace, "properties['$ai_input']", "properties['$ai_output_choices'] | properties['$ai_output']"],
      id: trace,
      prompt: asked("properties['$ai_input']"),
      completion: answered(["properties['$ai_output_choices']", "properties['$ai_output']"]),
      tools: "properties['$ai_tools']",
      columns: { model: "properties['$ai_model']", time: 'timestamp' },
    }),
    ...event({ keys: [trace, "properties['$survey_id']"], about: trace, verdict: survey, columns: { time: 'timestamp' } }),
    ...event({
      keys: [trace, "properties['$ai_metric_value']"],
      about: trace,
      verdict: "properties['$ai_metric_value']",
      columns: { name: "properties['$ai_metric_name']", time: 'timestamp' },
    }),
  ],
}
