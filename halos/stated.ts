/** Losses that are not human-aware, stated as what they are: with the reason, and trainable like any other. */
import type { Loss } from './loss.ts'

/** A loss without a declaration, and why there is none. */
export interface Stated<in E> extends Loss<E> {
  readonly because: string
}
