/** TRL's types, which are halograd's own; what has nothing to learn from (prompts alone) or another purpose (stepwise rewards) is refused by name. */
import type { Mapping, Preset } from '../mapping.ts'

const shared = { plain: true, system: 'system', tools: 'tools', weight: 'weight', options: 'chat_template_kwargs' } as const
const pairs: Mapping = { keys: ['prompt', 'chosen', 'rejected'], prompt: 'prompt', chosen: 'chosen', rejected: 'rejected', ...shared }
const judged: Mapping = { keys: ['prompt', 'completion', 'label'], prompt: 'prompt', completion: 'completion', verdict: 'label', ...shared }
const shown: Mapping = { keys: ['prompt', 'completion'], prompt: 'prompt', completion: 'completion', ...shared }

export const preset: Preset = {
  title: "TRL's types",
  source: 'https://huggingface.co/docs/trl/dataset_formats',
  direct: true,
  original: true,
  mappings: [
    pairs,
    judged,
    shown,
    { keys: ['chosen', 'rejected'], chosen: 'chosen', rejected: 'rejected', ...shared },
    { keys: ['messages', 'label'], messages: 'messages', verdict: 'label', ...shared },
    { keys: ['messages'], messages: 'messages', ...shared },
    { keys: ['text'], text: 'text', weight: 'weight' },
    {
      keys: ['prompt', 'completions', 'labels'],
      refused: 'Stepwise supervision (a label for each step) trains a process reward model, which halograd does not have.',
    },
  ],
  form: { role: 'role', content: 'content', names: {}, answers: 'turns' },
}
