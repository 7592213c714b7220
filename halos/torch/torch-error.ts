/** A loss has no form in PyTorch: it is made of something that no line of torch is printed for. */

/**
 * A loss that PyTorch has no form of: the loss, what was expected of it, and what was found.
 * @example
 * ```ts
 * import { type AnyLoss, TorchError, torchFunctions } from 'halograd/halos'
 * export const exportable = (loss: AnyLoss): boolean => {
 *   try {
 *     return torchFunctions(loss).evaluate.length > 0
 *   } catch (error) {
 *     if (error instanceof TorchError) return false
 *     throw error
 *   }
 * }
 * ```
 */
export class TorchError extends TypeError {
  override readonly name = 'TorchError'
  constructor(loss: string, expected: string, found: string) {
    super(`${loss} cannot be written for PyTorch: expected ${expected}, found ${found}`)
  }
}
