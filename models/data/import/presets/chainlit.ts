/** Chainlit: feedbacks {forId, value}, and the steps of threads that they are about; or steps with their feedback inside. */

import { own } from '../../../../core/internal.ts'
import { wrapped } from '../helpers.ts'
import type { Mapping, Preset } from '../mapping.ts'

const roles: Readonly<Record<string, string>> = { user_message: 'user', assistant_message: 'assistant', system_message: 'system' }

const step: Mapping = {
  keys: ['id', 'threadId', 'type', 'output'],
  id: 'id',
  thread: 'threadId',
  time: 'createdAt',
  role: ({ type }) => own(roles, String(type)),
  content: 'output',
  verdict: 'feedback.value',
  good: [1],
  bad: [0, -1],
  columns: { time: 'createdAt', tags: 'tags', comment: 'feedback.comment' },
}

export const preset: Preset = {
  title: "Chainlit's feedback",
  source: 'https://github.com/Chainlit/chainlit/blob/main/backend/chainlit/types.py',
  mappings: [
    ...wrapped(
      { keys: ['forId', 'value'], about: 'forId', verdict: 'value', good: [1], bad: [0, -1], columns: { comment: 'comment' } },
      'data',
    ),
    ...wrapped(step, 'steps', 'data'),
  ],
}
