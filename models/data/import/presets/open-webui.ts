/** Open WebUI: the feedback history (Admin, Evaluations, Export) with the chat that each rating is about; and the chats with their own annotations. */
import { isObject, type Json } from '../../../io/fields.ts'
import { fieldOf } from '../fields.ts'
import { chain } from '../helpers.ts'
import type { Preset } from '../mapping.ts'

const tree = 'snapshot.chat.chat.history.messages'

/** What other models answered to the same question, in an arena. */
const rivals = (record: Json): unknown => {
  const [messages, at] = [fieldOf(tree, record), fieldOf('meta.message_id', record)]
  const rated = isObject(messages) && typeof at === 'string' ? messages[at] : undefined
  if (!isObject(messages) || !isObject(rated) || fieldOf('meta.arena', record) !== true) return undefined
  return Object.values(messages).flatMap((each) =>
    isObject(each) && each !== rated && each.parentId === rated.parentId && each.role === 'assistant' ? [each.content] : [],
  )
}

export const preset: Preset = {
  title: "Open WebUI's feedback",
  source: 'https://github.com/open-webui/open-webui/blob/main/backend/open_webui/models/feedbacks.py',
  mappings: [
    {
      keys: ['data.rating', 'meta.message_id'],
      messages: chain(tree, 'meta.message_id'),
      verdict: 'data.rating',
      good: [1],
      bad: [-1],
      rivals,
      columns: {
        model: ['data.model_id', 'meta.model_id'],
        time: 'created_at',
        tags: ['data.tags', 'meta.tags'],
        comment: ['data.comment', 'data.reason'],
      },
    },
    {
      keys: ['id', 'role', 'content', 'parentId'],
      records: 'chat.history.messages[*]',
      id: 'id',
      parent: 'parentId',
      role: 'role',
      content: 'content',
      verdict: 'annotation.rating',
      good: [1],
      bad: [-1],
      columns: { model: 'model', time: 'timestamp', tags: 'annotation.tags', comment: ['annotation.comment', 'annotation.reason'] },
    },
    {
      keys: ['chat_id', 'model_id', 'sibling_model_ids', 'rating'],
      refused:
        'This export (CSV) has no texts: take the JSON one, feedback-history-export-….json (Admin, Evaluations, Feedbacks, Export as JSON).',
    },
  ],
}
