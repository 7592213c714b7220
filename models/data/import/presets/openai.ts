/** Preference files of OpenAI's fine-tuning, of Azure AI Foundry and of Fireworks. */
import type { Preset } from '../mapping.ts'

export const preset: Preset = {
  title: "OpenAI's preferences (Azure, Fireworks)",
  source: 'https://platform.openai.com/docs/guides/direct-preference-optimization',
  direct: true,
  mappings: [
    {
      keys: ['input', 'preferred_output', 'non_preferred_output'],
      prompt: 'input.messages',
      tools: 'input.tools',
      chosen: 'preferred_output',
      rejected: 'non_preferred_output',
    },
  ],
  form: { role: 'role', content: 'content', names: {}, answers: 'turns', calls: 'json' },
}
