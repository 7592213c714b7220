/** ShareGPT: conversations of {from, value}. */
import type { Preset } from '../mapping.ts'

export const preset: Preset = {
  title: 'ShareGPT conversations',
  source: 'https://github.com/hiyouga/LLaMA-Factory/blob/main/data/README.md#sharegpt-format',
  direct: true,
  mappings: [{ keys: ['conversations'], messages: 'conversations', system: 'system', tools: 'tools', weight: 'weight' }],
  form: {
    ...{ role: 'from', content: 'value', answers: 'turn', systemApart: true, calls: 'turns', toolsAsText: true },
    names: { user: 'human', assistant: 'gpt', tool: 'observation' },
  },
}
