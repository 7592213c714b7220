/** Alpaca: {instruction, input, output}, perhaps with earlier exchanges (`history`) and a system prompt. */
import type { Json } from '../../../io/fields.ts'
import type { Preset } from '../mapping.ts'

/** The instruction, and the input that it is about, as one turn; after earlier exchanges, where there are any. */
export const alpacaPrompt = ({ instruction, input, history }: Json): unknown => {
  const asked = typeof input === 'string' && input.trim() !== '' ? `${instruction}\n${input}` : instruction
  if (!Array.isArray(history) || history.length === 0) return [{ role: 'user', content: asked }]
  const before = history.flatMap((exchange: unknown) => {
    const [question, answer]: readonly unknown[] = Array.isArray(exchange) ? exchange : []
    return [
      { role: 'user', content: question },
      { role: 'assistant', content: answer },
    ]
  })
  return [...before, { role: 'user', content: asked }]
}

export const preset: Preset = {
  title: 'Alpaca records',
  source: 'https://github.com/tatsu-lab/stanford_alpaca#data-release',
  direct: true,
  mappings: [{ keys: ['instruction', 'output'], prompt: alpacaPrompt, completion: 'output', system: 'system', weight: 'weight' }],
}
