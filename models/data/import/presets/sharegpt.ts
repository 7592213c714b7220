/** ShareGPT: conversations of {from, value}. */
import type { Preset } from '../mapping.ts'

export const preset: Preset = {
  title: 'ShareGPT conversations',
  source: 'https://github.com/hiyouga/LLaMA-Factory/blob/main/data/README.md#sharegpt-format',
  direct: true,
  mappings: [{ keys: ['conversations'], messages: 'conversations', system: 'system', tools: 'tools', weight: 'weight' }],
  turns: { role: 'from', content: 'value', names: { system: 'system', user: 'human', assistant: 'gpt', tool: 'observation' } },
}
