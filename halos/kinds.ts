/** The kinds of losses, by their tag: declared, seen through other evidence, or stated without a declaration. */
import type { Everything } from './evidence.ts'
import type { Halo } from './halo.ts'
import type { AnyLoss } from './loss.ts'
import type { Stated } from './stated.ts'
import type { LossView } from './view.ts'

/**
 * Whether a loss is declared by `halo`, so that its parts can be read.
 * @example
 * ```ts
 * import { dpo, getOrThrow, isHalo, sft } from 'halograd/halos'
 * console.log(isHalo(getOrThrow(dpo())), isHalo(getOrThrow(sft()))) // true false
 * ```
 */
export const isHalo = (loss: AnyLoss): loss is Halo => loss.kind === 'halo'
/**
 * Whether a loss is a HALO computed from other evidence, such as a loss of judgements that is given pairs.
 * @example
 * ```ts
 * import { catalogue, find, getOrThrow, isView } from 'halograd/halos'
 * console.log(isView(getOrThrow(find(await catalogue(), 'apo-zero')!()))) // true
 * ```
 */
export const isView = (loss: AnyLoss): loss is LossView<Everything> => loss.kind === 'view'
/**
 * Whether a loss is stated without a declaration, with the reason why there is none.
 * @example
 * ```ts
 * import { getOrThrow, isStated, sft } from 'halograd/halos'
 * const loss = getOrThrow(sft())
 * console.log(isStated(loss) && loss.because.split(':')[0]) // no reference point
 * ```
 */
export const isStated = (loss: AnyLoss): loss is Stated<Everything> => loss.kind === 'stated'
