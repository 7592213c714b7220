/** Helicone: requests with their bodies, and the feedback on them, inside or apart. */
import { answered, asked, wrapped } from '../helpers.ts'
import type { Preset } from '../mapping.ts'

export const preset: Preset = {
  title: "Helicone's requests",
  source: 'https://docs.helicone.ai/features/advanced-usage/feedback',
  mappings: [
    ...wrapped(
      {
        keys: ['request_body', 'response_body'],
        id: ['request_id', 'id'],
        prompt: asked('request_body'),
        completion: answered('response_body'),
        tools: 'request_body.tools',
        verdict: ['feedback.rating', 'feedback_rating', 'rating'],
        columns: { model: ['request_model', 'model', 'request_body.model'], time: ['request_created_at', 'created_at'] },
      },
      'data',
    ),
    {
      keys: ['rating', "request_id | requestId | helicone_id | ['helicone-id']"],
      about: ['request_id', 'requestId', 'helicone_id', "['helicone-id']"],
      verdict: 'rating',
    },
  ],
}
