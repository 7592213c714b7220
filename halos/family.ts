/** A family of losses: what a file of `losses/` exports. A function of its settings, which also carries its name and its defaults. */

import type { AnyLoss } from './loss.ts'
import type { Checked } from './validation.ts'

/** The settings of a family of losses, numbers by name: `{ beta: 0.1 }`. */
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

/**
 * A family of losses: a function of optional settings that carries its key, defaults and aliases. A file of `halos/losses` exports one.
 * @param key how users name it
 * @param defaults every setting with its default
 * @param make the loss at all settings, or their errors
 * @param aliases what other libraries call it
 * @param suits which data it suits, where its evidence does not say so
 * @example
 * ```ts
 * import { always, family, getOrThrow, halo, logLogistic, logRatio, negation, rejected } from 'halograd/halos'
 * const mine = family('mine', { beta: 0.1 }, ({ beta }) =>
 *   halo({ name: 'Mine', reward: logRatio(beta), reference: rejected, value: logLogistic, t: always(negation) }),
 * )
 * console.log(mine.key, getOrThrow(mine({ beta: 0.5 })).reward.name) // mine 0.5 u
 * ```
 */
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
