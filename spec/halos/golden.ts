/** Reading the published numbers, and comparing with them. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type AnyLoss, catalogue, find, getOrThrow } from '../../halos/index.ts'
import type { Case } from '../../halos/internal.ts'

export interface GoldenCase extends Case {
  readonly id: string
  readonly hyper: Readonly<Record<string, unknown>>
  readonly outputs: Readonly<Record<string, unknown>>
  readonly grads: Readonly<Record<string, unknown>>
}
interface Golden {
  readonly functions: Readonly<Record<string, { readonly cases: readonly GoldenCase[] }>>
}
const files = new Map<string, Golden>()
export const goldenCases = (file: 'losses' | 'logits', name: string): readonly GoldenCase[] => {
  const known = files.get(file) ?? (JSON.parse(readFileSync(new URL(`../golden/${file}.json`, import.meta.url), 'utf8')) as Golden) // its README states the format
  files.set(file, known)
  return known.functions[name]!.cases
}
export const goldenNames = (file: 'losses' | 'logits'): readonly string[] => {
  goldenCases(file, file === 'losses' ? 'trl_main/kto/kto' : 'trl_main/kto_logits/kto')
  return Object.keys(files.get(file)!.functions)
}

/** Equal to a relative tolerance, entry by entry; strings stand for numbers that are not finite. */
export const agree = (what: string, ours: unknown, theirs: unknown, tolerance = 1e-9): void => {
  if (theirs === null) assert.equal(ours, null, `${what}: they have no gradient here`)
  else if (Array.isArray(theirs)) {
    assert.ok(Array.isArray(ours) && ours.length === theirs.length, `${what}: ${theirs.length} numbers, not ${String(ours)}`)
    for (const [i, x] of theirs.entries()) agree(`${what}[${i}]`, ours[i], x, tolerance)
  } else {
    const [x, y] = [Number(ours), Number(theirs)]
    const near = Math.abs(x - y) <= tolerance * Math.max(Math.abs(x), Math.abs(y)) + tolerance * 1e-5
    assert.ok(Object.is(x, y) || near, `${what}: ${x}, not ${y}`)
  }
}

const families = await catalogue()
const loss = (key: string, settings: Readonly<Record<string, number>> = {}): AnyLoss => getOrThrow(find(families, key)!(settings))
type Hyper = GoldenCase['hyper']
const beta = (h: Hyper) => ({ beta: Number(h.beta) })
const smooth = (h: Hyper) => ({ ...beta(h), epsilon: Number(h.label_smoothing) })
const weights = (h: Hyper) => ({ ...beta(h), desirable: Number(h.desirable_weight), undesirable: Number(h.undesirable_weight) })
/** The functions of `golden/logits.json`, as losses of ours. */
export const lossesOfLogits: Readonly<Record<string, (h: Hyper) => AnyLoss>> = {
  'trl_main/dpo_logits/sigmoid': (h) => loss('dpo', beta(h)),
  'trl_main/dpo_logits/hinge': (h) => loss('hinge', beta(h)),
  'trl_main/dpo_logits/ipo': (h) => loss('ipo', beta(h)),
  'trl_main/dpo_logits/exo_pair': (h) => loss('exo-pair', smooth(h)),
  'trl_main/dpo_logits/nca_pair': (h) => loss('nca-pair', beta(h)),
  'trl_main/dpo_logits/robust': (h) => loss('robust-dpo', smooth(h)),
  'trl_main/dpo_logits/bco_pair': (h) => loss('bco-pair', beta(h)),
  'trl_main/dpo_logits/sppo_hard': (h) => loss('sppo-hard', beta(h)),
  'trl_main/dpo_logits/aot': (h) => loss('aot', smooth(h)),
  'trl_main/dpo_logits/aot_unpaired': (h) => loss('aot-unpaired', smooth(h)),
  'trl_main/dpo_logits/apo_zero': (h) => loss('apo-zero', beta(h)),
  'trl_main/dpo_logits/apo_down': (h) => loss('apo-down', beta(h)),
  'trl_main/dpo_logits/discopop': (h) => loss('discopop', { ...beta(h), tau: Number(h.discopop_tau) }),
  'trl_main/dpo_logits/sft': (h) => loss('mpo', { ...beta(h), preference: 0, quality: 0, generation: 1 }),
  'trl_main/dpo_logits/sigmoid_norm': (h) => loss('dpo-norm', beta(h)),
  'trl_main/dpo_logits/wpo_weighting': (h) => loss('dpo', beta(h)),
  'trl_main/dpo_logits/ld_alpha_0.5': (h) => loss('dpo', beta(h)),
  'trl_main/dpo_logits/ld_alpha_0': (h) => loss('dpo', beta(h)),
  'trl_main/dpo_logits/js_divergence': (h) => loss('dpo-js', beta(h)),
  'trl_main/dpo_logits/forward_kl': (h) => loss('dpo-forward-kl', beta(h)),
  'trl_main/dpo_logits/mpo_0.8_0.2_1.0': (h) => loss('mpo', beta(h)),
  'trl_main/kto_logits/kto': (h) => loss('kto', weights(h)),
  'trl_main/kto_logits/apo_zero_unpaired': (h) => loss('kto-zero', weights(h)),
}
