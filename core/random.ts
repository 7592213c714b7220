/**
 * Counter-based randomness: uniform(key, salt, i) = hash(key, salt, i) / 2²⁴. No state, so any element can be drawn anywhere,
 * in any order, on any backend, with the same bits. The mixer is Wellons' "triple32"-style xorshift-multiply.
 */
import { cos, log, mul, sqrt, sub } from './ops.ts'
import { type AnyTensor, literal, node, type Shape, ShapeError, type Tensor } from './tensor.ts'

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
 * Uniform numbers in [0, 1), decided by the `key` and the `salt`: give each use of a key its own. A key is an integer below 2²⁴, as float32 knows no others
 * for sure; of a larger seed, `stream(seed, step) >>> 8` is one.
 * @throws ShapeError for a key that is no scalar; RangeError for one that is known to be no such integer
 */
export const random = <A extends string>(key: Tensor, shape: Shape<A>, salt: number): Tensor<A> => {
  const scalar: AnyTensor = key
  if (Object.keys(scalar.shape).length > 0) throw new ShapeError('random: the key must be a scalar')
  const known = scalar.op.tag === 'data' ? scalar.op.values[0] : literal(scalar)
  if (known !== undefined && !(Number.isInteger(known) && known >= 0 && known < 2 ** 24))
    throw new RangeError(`random: expected a key from 0 to 2²⁴ − 1, found ${known}. Use stream(key, use) >>> 8`)
  return node({ tag: 'random', salt }, [key], shape) as Tensor<A>
}
/** Standard normal numbers (Box & Muller, 1958). */
export const normal = <A extends string>(key: Tensor, shape: Shape<A>, salt: number): Tensor<A> =>
  mul(sqrt(mul(log(sub(1, random(key, shape, 2 * salt))), -2)), cos(mul(random(key, shape, 2 * salt + 1), 2 * Math.PI))) as Tensor<A>

/** Standard normal numbers on the host, in double precision: the initial weights, the same on every backend. */
export const normals = (key: number, salt: number, count: number): Float64Array => {
  const [radius, angle] = [stream(key, 2 * salt), stream(key, 2 * salt + 1)]
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++) values[i] = Math.sqrt(-2 * Math.log(1 - draw(radius, i))) * Math.cos(2 * Math.PI * draw(angle, i))
  return values
}
