/** Capybara: conversations of {input, output}. Its preferences (distilabel-capybara-dpo) are TRL's pairs. */
import { isObject, type Json } from '../../../io/fields.ts'
import type { Preset } from '../mapping.ts'

const turns = ({ conversation }: Json): unknown =>
  Array.isArray(conversation)
    ? conversation.flatMap((exchange: unknown) => {
        const { input, output } = isObject(exchange) ? exchange : {}
        return [
          { role: 'user', content: input },
          { role: 'assistant', content: output },
        ]
      })
    : undefined

export const preset: Preset = {
  title: 'Capybara conversations',
  source: 'https://huggingface.co/datasets/LDJnr/Capybara',
  direct: true,
  mappings: [
    { keys: ['conversation', 'prompt', 'chosen', 'rejected'], prompt: 'prompt', chosen: 'chosen', rejected: 'rejected' },
    { keys: ['conversation'], messages: turns },
  ],
}
