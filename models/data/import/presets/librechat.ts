/** LibreChat: one conversation as JSON, its messages in a list or in a tree; or the messages of its database. */
import { isObject } from '../../../io/fields.ts'
import type { Mapping, Preset } from '../mapping.ts'

const message: Mapping = {
  keys: ['messageId', 'parentMessageId', 'isCreatedByUser'],
  id: 'messageId',
  parent: 'parentMessageId',
  role: ({ isCreatedByUser }) => (isCreatedByUser === true ? 'user' : 'assistant'),
  content: ({ text, content }) => (Array.isArray(content) && content.length > 0 ? content.filter((part) => !isThought(part)) : text),
  verdict: 'feedback.rating',
  columns: { model: 'model', time: 'createdAt', tags: ['feedback.tag.key', 'feedback.tag'], comment: 'feedback.text' },
}
const isThought = (part: unknown): boolean => isObject(part) && part.type === 'think'

export const preset: Preset = {
  title: "LibreChat's messages",
  source: 'https://github.com/danny-avila/LibreChat/blob/main/packages/data-provider/src/feedback.ts',
  mappings: [{ ...message, records: 'messages[*]' }, { ...message, records: '$.messagesTree..[?@.messageId]' }, message],
}
