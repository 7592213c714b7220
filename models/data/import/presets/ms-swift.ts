/** ms-swift: messages whose last turn is the chosen answer, and a rejected one beside them. Its KTO files are TRL's {messages, label}. */
import type { Preset } from '../mapping.ts'

const shared = { system: 'system', tools: 'tools' } as const

export const preset: Preset = {
  title: "ms-swift's preferences",
  source: 'https://github.com/modelscope/ms-swift/blob/main/docs/source_en/Customization/Custom-dataset.md',
  direct: true,
  mappings: [
    { keys: ['messages', 'rejected_messages'], chosen: 'messages', rejected: 'rejected_messages', ...shared },
    { keys: ['messages', 'rejected_response'], chosen: 'messages', rejected: 'rejected_response', ...shared },
    { keys: ['messages', 'label'], messages: 'messages', verdict: 'label', ...shared },
    { keys: ['messages'], messages: 'messages', ...shared },
  ],
  form: { role: 'role', content: 'content', names: {}, answers: 'turns' },
}
