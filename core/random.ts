/**
 * Counter-based randomness: uniform(key, salt, i) = hash(key, salt, i) / 2²⁴. No state, so any element can be drawn anywhere,
 * in any order, on any backend, with the same bits. The mixer is Wellons' "triple32"-style xorshift-multiply.
 */
import { plain } from './numbers.ts'
import { cos, log, mul, sqrt, sub } from './ops.ts'
import { literal } from './simplify.ts'
import { axesOf, node, ShapeError, show } from './tensor.ts'
import type { Shape, Tensor } from './types.ts'

export const mix = (x: number): number => {
  let h = x ^ (x >>> 16)
  h = Math.imul(h, 0x21f0aaad)
  h ^= h >>> 15
  h = Math.imul(h, 0x735a2d97)
  return (h ^ (h >>> 15)) >>> 0
}
/** The stream of a key and a salt, integers of 32 bits: two keys never have the same stream for the same salt. */
export const stream = (key: number, salt: number): number => mix((mix((key + 0x9e3779b9) | 0) + salt) | 0)
/** A number in [0, 1) with 24 bits. */
export const uniform = (key: number, salt: number, index: number): number => draw(stream(key, salt), index)
/** …with the stream computed once. */
export const draw = (h: number, index: number): number => (mix((mix(index ^ h) + h) | 0) >>> 8) / 2 ** 24

/**
 * Uniform numbers in [0, 1) with 24 bits, decided by the key (an integer below 2²⁴) and the salt; give each use of a key its own salt.
 * @throws ShapeError for a key that is not a scalar, or known not to be an integer from 0 to 2²⁴ − 1
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { random, read, tensor } from 'halograd/core'
 * const [first, again] = [random(tensor({}, [7]), { i: 2 }, 0), random(tensor({}, [7]), { i: 2 }, 0)]
 * const [a, b] = [await read(reference(), first), await read(reference(), again)]
 * console.log(a.every((x, i) => x === b[i] && x >= 0 && x < 1)) // true
 * ```
 */
export const random = <A extends string>(key: Tensor, shape: Shape<A>, salt: number): Tensor<A> => {
  if (axesOf(key).length > 0) throw new ShapeError(`random: a key is a scalar, but this one is ${show(key.shape)}`)
  const known = key.op.tag === 'data' ? plain(key.op.values)[0]! : (literal(key) ?? 0)
  if (known !== (known & 0xffffff)) throw new ShapeError(`random: a key is an integer from 0 to 2²⁴ − 1, but this one is ${known}`)
  return node({ tag: 'random', salt }, [key], shape) as Tensor<A>
}
/**
 * Standard normal numbers (mean 0, variance 1; Box & Muller, 1958), decided by the key and the salt as those of `random` are. They use
 * the streams 2 · salt and 2 · salt + 1 of the key.
 * @throws ShapeError for a key that `random` refuses
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { mean, normal, read, tensor } from 'halograd/core'
 * const weights = normal(tensor({}, [7]), { i: 1000 }, 0)
 * const [average = 1] = await read(reference(), mean(weights, 'i'))
 * console.log(Math.abs(average) < 0.1) // true
 * ```
 */
export const normal = <A extends string>(key: Tensor, shape: Shape<A>, salt: number): Tensor<A> =>
  mul(sqrt(mul(log(sub(1, random(key, shape, 2 * salt))), -2)), cos(mul(random(key, shape, 2 * salt + 1), 2 * Math.PI))) as Tensor<A>

/** Standard normal numbers on the host, in double precision: the initial weights, the same on every backend. */
export const normals = (key: number, salt: number, count: number): Float64Array => {
  const [radius, angle] = [stream(key, 2 * salt), stream(key, 2 * salt + 1)]
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++) values[i] = Math.sqrt(-2 * Math.log(1 - draw(radius, i))) * Math.cos(2 * Math.PI * draw(angle, i))
  return values
}
