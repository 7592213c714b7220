/** LLaMA-Factory: ShareGPT conversations with a kto_tag, or with two answers; Alpaca records with a kto_tag or with two answers. */
import type { Mapping, Preset } from '../mapping.ts'
import { alpacaPrompt } from './alpaca.ts'

const shared = { system: 'system', tools: 'tools' } as const
const pairs: Mapping = {
  keys: ['conversations', 'chosen', 'rejected'],
  prompt: 'conversations',
  chosen: 'chosen',
  rejected: 'rejected',
  ...shared,
}
const judged: Mapping = { keys: ['conversations', 'kto_tag'], messages: 'conversations', verdict: 'kto_tag', ...shared }
const alpaca = { prompt: alpacaPrompt, system: 'system' } as const

export const preset: Preset = {
  title: "LLaMA-Factory's data",
  source: 'https://github.com/hiyouga/LLaMA-Factory/blob/main/data/README.md',
  direct: true,
  mappings: [
    pairs,
    judged,
    { keys: ['messages', 'kto_tag'], messages: 'messages', verdict: 'kto_tag', ...shared },
    { keys: ['instruction', 'output', 'kto_tag'], completion: 'output', verdict: 'kto_tag', ...alpaca },
    { keys: ['instruction', 'input | system | history', 'chosen', 'rejected'], chosen: 'chosen', rejected: 'rejected', ...alpaca },
    { keys: ['instruction', 'chosen', 'rejected'], chosen: 'chosen', rejected: 'rejected', ...alpaca },
  ],
  form: {
    ...{ role: 'from', content: 'value', answers: 'turn', systemApart: true, calls: 'turns', toolsAsText: true },
    names: { user: 'human', assistant: 'gpt', tool: 'observation' },
  },
}
