/** A family of losses: what a file of `losses/` exports. A function of its settings, which also carries its name and its defaults. */

import type { AnyLoss } from './loss.ts'
import type { Checked } from './validation.ts'

/** Hyper-parameters by name. */
export type Settings = Readonly<Record<string, number>>

export interface Family<S extends Settings = Settings, L extends AnyLoss = AnyLoss> {
  (settings?: Partial<S>): Checked<L>
  /** How a user names it: 'kto'. */
  readonly key: string
  readonly defaults: S
  /** What other libraries call it: TRL's loss_type, HALOs' and OpenRLHF's classes. */
  readonly aliases: readonly string[]
  /** Which data it suits, where that is more than what its evidence says: 'thumbs-down alone'. */
  readonly suits?: string
}

/** A family with these settings unless others are given. */
export const family = <S extends Settings, L extends AnyLoss>(
  key: string,
  defaults: S,
  make: (settings: S) => Checked<L>,
  aliases: readonly string[] = [],
  suits?: string,
): Family<S, L> =>
  Object.assign((settings: Partial<S> = {}) => make({ ...defaults, ...settings }), {
    key,
    defaults,
    aliases,
    ...(suits !== undefined && { suits }),
  })
