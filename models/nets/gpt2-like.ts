/** What GPT-2 and GPT-Neo share: names, learned positions, and a LayerNorm before each branch. They differ in their matrices and scores. */
import type { Architecture, LinearSpec } from './architecture.ts'
import type { ModelConfig } from './config.ts'
import type { ScoreSpec } from './layers.ts'

/** The matrices of a layer. */
interface Gpt2Matrices {
  readonly query: LinearSpec
  readonly key: LinearSpec
  readonly value: LinearSpec
  readonly out: LinearSpec
  readonly up: LinearSpec
  readonly down: LinearSpec
}

/** @param scores how layer i, counted from 0, reads products of queries and keys */
export const gpt2Architecture = (
  { layers, normEpsilon: epsilon, activation }: ModelConfig,
  { up, down, ...projections }: Gpt2Matrices,
  scores: (i: number) => ScoreSpec,
): Architecture => {
  const norm = (name: string) => ({ name, kind: 'layer', epsilon }) as const
  return {
    token: 'transformer.wte',
    position: { name: 'transformer.wpe', offset: 0 },
    rotary: false,
    layers: Array.from({ length: layers }, (_, i) => ({
      name: `transformer.h.${i}`,
      attention: { before: norm('ln_1'), ...projections, ...scores(i) },
      feedForward: { before: norm('ln_2'), up, down, activation },
    })),
    norm: norm('transformer.ln_f'),
    output: { name: 'lm_head' },
  }
}
