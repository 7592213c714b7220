/**
 * The numbers of `config.json` against the weights beside it, before anything of that size is built.
 *
 *     layers = 1 + the greatest index in the names of tensors        token ids < size of the vocabulary
 */
import { ConfigError, type InputFinding, throwAll } from '../io/errors.ts'
import type { Weights } from '../io/weights.ts'
import type { ModelConfig } from '../nets/config.ts'

/** @param file the configuration, named in errors. @throws ConfigError with every number that cannot be true */
export const checkAgainst = (weights: Weights, { layers, vocab, bos, eos, stop = [] }: ModelConfig, file: string): void => {
  const there = layersIn(weights)
  const findings: InputFinding[] = []
  if (there > 0 ? layers !== there : layers > weights.size)
    findings.push({
      ...{ file, field: 'num_hidden_layers (n_layer)', expected: `${there}, as the weights have`, found: `${layers}` },
      advice: 'Use the config.json that belongs to these weights.',
    })
  const ids = { bos_token_id: [bos], eos_token_id: [eos, ...stop] }
  for (const [field, those] of Object.entries(ids)) {
    const beyond = those.find((id) => id !== undefined && id >= vocab)
    if (beyond !== undefined)
      findings.push({
        ...{ file, field, expected: `a token id less than ${vocab}, the size of the vocabulary`, found: `${beyond}` },
        advice: 'Correct it here, or in generation_config.json.',
      })
  }
  throwAll(ConfigError, findings)
}

/** `model.layers.11.mlp.up_proj.weight`, `h.11.ln_1.weight`. */
const layersIn = (weights: Weights): number => {
  let layers = 0
  for (const name of weights.keys()) {
    const [, index] = /(?:^|\.)(?:layers|h)\.(\d+)\./.exec(name) ?? []
    if (index !== undefined) layers = Math.max(layers, Number(index) + 1)
  }
  return layers
}
