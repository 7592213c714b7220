/** Dify: pages of /app/feedbacks, and of /messages, which hold the texts (and may hold the feedback, too). */
import { wrapped } from '../helpers.ts'
import type { Preset } from '../mapping.ts'

export const preset: Preset = {
  title: "Dify's feedback",
  source: 'https://docs.dify.ai/api-reference/feedback/get-feedbacks-of-application',
  mappings: [
    ...wrapped(
      {
        keys: ['message_id', 'rating', 'from_source | app_id'],
        about: 'message_id',
        verdict: 'rating',
        good: ['like'],
        bad: ['dislike'],
        columns: { comment: 'content', source: 'from_source' },
      },
      'data',
    ),
    ...wrapped(
      {
        keys: ['id', 'conversation_id', 'query', 'answer'],
        id: 'id',
        thread: 'conversation_id',
        time: 'created_at',
        prompt: 'query',
        completion: 'answer',
        verdict: 'feedback.rating',
        good: ['like'],
        bad: ['dislike'],
        columns: { time: 'created_at' },
      },
      'data',
    ),
  ],
}
