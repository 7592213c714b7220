/** The options of `halograd data import` that say where things are in a record: the fields of a mapping, each with its explanation. */

export const mappingOptions = {
  records: 'the records in an element of the file',
  messages: 'a conversation, whose last turn is the answer',
  prompt: 'what was asked: a text, or turns',
  completion: 'what was answered',
  chosen: 'the better of two answers',
  rejected: 'the worse one',
  text: 'a plain text',
  system: 'the system prompt',
  verdict: 'the verdict on the answer',
  correction: 'a better answer, written by a person',
  weight: 'how much the row counts',
  id: 'the id of the text',
  about: 'the id of the text that a verdict is about',
  parent: 'the id of the message before',
  thread: 'the id of the conversation',
  time: 'when a message was sent',
  role: 'the role of a message',
  content: 'what a message says',
} as const

export type MappingOptions = { readonly [F in keyof typeof mappingOptions]?: string }
