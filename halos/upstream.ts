/**
 * What other libraries call our losses: for each of their functions, which family it is and where its settings come from.
 * `halograd loss --entry trl_main/kto/kto` and the comparison with their published numbers both read this table.
 */
export interface Upstream {
  /** The key of the family. */
  readonly family: string
  /** Our setting → the name of their hyper-parameter, or a fixed number. */
  readonly settings: Readonly<Record<string, string | number>>
  /** Their per-example losses come desirable first, then undesirable. */
  readonly desirableFirst?: boolean
}

const beta = { beta: 'beta' }
const weights = { ...beta, desirable: 'desirable_weight', undesirable: 'undesirable_weight' }
const judged = (family: string, settings: Upstream['settings'] = weights): Upstream => ({ family, settings, desirableFirst: true })
const paired = (family: string, settings: Upstream['settings'] = beta): Upstream => ({ family, settings })

export const upstream: Readonly<Record<string, Upstream>> = {
  'trl_main/kto/kto': judged('kto'),
  'halos_legacy/kto': judged('kto'),
  'trl_main/dpo/sigmoid': paired('dpo'),
  'halos_legacy/dpo': paired('dpo'),
}
