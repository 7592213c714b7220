/** A family of losses: what a file of `losses/` exports. A function of its settings, which also carries its name and its defaults. */

import type { AnyLoss } from './loss.ts'
import type { Checked } from './validation.ts'

/** Hyper-parameters by name. */
export type Settings = Readonly<Record<string, number>>

/**
 * A loss as a function of its settings, all optional: `kto({ beta: 0.1 })`. It returns the loss, or every error of the settings. It
 * carries its name, defaults and aliases.
 */
export interface LossFamily<S extends Settings = Settings, L extends AnyLoss = AnyLoss> {
  (settings?: Partial<S>): Checked<L>
  /** How a user names it: 'kto'. */
  readonly key: string
  readonly defaults: S
  /** What other libraries call it: TRL's loss_type, HALOs' and OpenRLHF's classes. */
  readonly aliases: readonly string[]
  /** Which data it suits, where that is more than what its evidence says: 'thumbs-down alone'. */
  readonly suits?: string
}

/** A family of losses with the given defaults. A file of `halos/losses` exports one. */
export const family = <S extends Settings, L extends AnyLoss>(
  key: string,
  defaults: S,
  make: (settings: S) => Checked<L>,
  aliases: readonly string[] = [],
  suits?: string,
): LossFamily<S, L> =>
  Object.assign((settings: Partial<S> = {}) => make({ ...defaults, ...settings }), {
    key,
    defaults,
    aliases,
    ...(suits !== undefined && { suits }),
  })
