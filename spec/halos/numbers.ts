/** Small batches of numbers for losses, and what comes out of them, in float64. */
import { reference } from '../../backends/index.ts'
import { grad, read, type Tensor, tensor } from '../../core/index.ts'
import { constant } from '../../core/internal.ts'

const backend = reference()

export const column = (...values: readonly number[]): Tensor<'example'> => tensor({ example: values.length }, values)
export const numbers = async (x: Tensor<'example'> | Tensor): Promise<readonly number[]> => [...(await read(backend, x as Tensor<string>))]
export const scalar = async (x: Tensor): Promise<number> => (await read(backend, x))[0]!
/** Completions with these log-probabilities (and a length of 10). */
export const completion = (policy: Tensor<'example'>, reference: readonly number[]) => ({
  policy,
  reference: column(...reference),
  length: column(...reference.map(() => 10)),
})
/** ∂loss/∂policy at a point. */
export const slope = async (loss: (policy: Tensor<'example'>) => Tensor, at: readonly number[]): Promise<readonly number[]> =>
  numbers(grad(loss)(column(...at)))
/** The statistic of a batch whose rewards have this mean. */
export const averaging = (mean: number) => ({ sum: constant(mean), count: constant(1) })
