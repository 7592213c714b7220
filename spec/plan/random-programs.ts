/**
 * Random programs: a pool of tensors grows by random operations on random members, over a few axes in random orders,
 * and ends in a loss whose gradient is part of the program. Some inputs are donated.
 */
import {
  type AnyTensor,
  add,
  axesOf,
  broadcastTo,
  checkpoint,
  concatenate,
  div,
  dot,
  equal,
  erf,
  exp,
  flatten,
  type Graph,
  iota,
  less,
  logSumExp,
  max,
  maximum,
  mul,
  normal,
  pad,
  random,
  rename,
  reverse,
  scatterAdd,
  sigmoid,
  slice,
  softmax,
  softplus,
  stopGradient,
  sub,
  sum,
  type Tensor,
  take,
  tanh,
  unflatten,
  vjp,
  volume,
  where,
} from '../../core/index.ts'
import { constant, has, input } from '../../core/internal.ts'

export interface RandomProgram {
  readonly graph: Graph
  readonly data: readonly Float64Array[]
}
/** A generator of numbers in [0, 1) (mulberry32). */
export const generator = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

// Axes are strings here: the operations with their types left out.
type Any = Tensor<string>
const any = (x: AnyTensor): Any => x as Any
const sizes = { a: 4, b: 5, c: 6, d: 3, e: 1, f: 8, g: 8, h: 2 } as const
const indices = 4

export const randomProgram = (seed: number): RandomProgram => {
  const next = generator(seed)
  const below = (n: number): number => Math.floor(next() * n)
  const pick = <T>(xs: readonly T[]): T => xs[below(xs.length)]!
  const shuffle = <T>(xs: readonly T[]): readonly T[] =>
    xs
      .map((x) => [next(), x] as const)
      .sort((x, y) => x[0] - y[0])
      .map(([, x]) => x)
  const names = Object.keys(sizes) as (keyof typeof sizes)[]
  const shapeOf = (axes: readonly (keyof typeof sizes)[]): Record<string, number> =>
    Object.fromEntries(axes.map((axis) => [axis, sizes[axis]]))

  const parameters = Array.from({ length: 3 + below(3) }, (_, i) =>
    any(input(`x${i}`, shapeOf(shuffle(names).slice(0, pick([0, 1, 2, 2, 3, 3, 4]))))),
  )
  const labels = Array.from({ length: 2 }, (_, i) => any(input(`index${i}`, shapeOf(shuffle(names).slice(0, pick([0, 1, 1, 2]))))))
  const key = input('key', {}) as Tensor
  const position = input('position', {}) as Tensor
  /** An index for an axis: values below 4, cut to its length. */
  const indexFor = (length: number): Any => any(mul(pick(labels), length >= indices ? 1 : 0))

  const grow = (pool: readonly Any[]): AnyTensor | '' | undefined => {
    const x = pick(pool)
    const y = pick(pool)
    const axes = axesOf(x)
    const axis = axes.length > 0 ? pick(axes) : undefined
    switch (below(28)) {
      case 0:
        return add(x, y)
      case 1:
        return mul(x, y)
      case 2:
        return sub(x, mul(y, 0.5))
      case 3:
        return div(x, add(mul(y, y), 1))
      case 4:
        return exp(mul(tanh(x), 0.5))
      case 5:
        return pick([sigmoid, softplus, erf, tanh])(x)
      case 6:
        return axis && sum(x, ...shuffle(axes).slice(0, 1 + below(axes.length)))
      case 7:
        return axis && max(x, axis)
      case 8:
        return axis && logSumExp(x, axis)
      case 9:
        return axis && softmax(x, axis)
      case 10:
      case 11:
      case 12: {
        const shared = axes.filter((a) => has(y, a))
        return shared.length > 0 ? dot(x, y, ...shuffle(shared).slice(0, 1 + below(shared.length))) : undefined
      }
      case 13: {
        const free = names.find((a) => axis !== undefined && !has(x, a) && sizes[a] === x.shape[axis])
        return free && rename(x, axis!, free)
      }
      case 14:
        return axis && take(x, axis, indexFor(x.shape[axis]!))
      case 15: {
        const index = indexFor(5)
        const fits = axesOf(index).every((a) => has(x, a)) && !has(x, 'b')
        return fits ? scatterAdd(x, index, 'b', 5) : undefined
      }
      case 16: {
        if (!axis) return undefined
        const from = below(x.shape[axis]!)
        const part = slice(x, axis, from, 1 + below(x.shape[axis]! - from))
        return pad(part, axis, from, x.shape[axis]! - from - part.shape[axis]!)
      }
      case 17:
        return axis && reverse(x, axis)
      case 18: {
        if (!axis) return undefined
        const at = 1 + below(x.shape[axis]!)
        const [left, right] = [slice(x, axis, 0, at), slice(x, axis, at - 1, x.shape[axis]! - at + 1)]
        return slice(concatenate([right, left], axis), axis, below(2), x.shape[axis]!)
      }
      case 19: {
        const even = axes.find((a) => x.shape[a] === 8)
        if (even === undefined || has(x, 'h') || has(x, 'a')) return undefined
        const parts = unflatten(
          x,
          even,
          pick([
            { h: 2, a: 4 },
            { a: 4, h: 2 },
          ] as { h: number; a: number }[]),
        )
        return parts
      }
      case 20: {
        if (!has(x, 'h') || !has(x, 'a')) return undefined
        const into = ['f', 'g'].find((a) => !has(x, a))
        return into && flatten(x, shuffle(['h', 'a']), into)
      }
      case 21: {
        const [p, q] = shuffle(axes)
        return q && (where(less(iota(p!, x.shape[p!]!), iota(q, x.shape[q]!)), pick([0, -20]), x) as Any)
      }
      case 22: {
        const [p, q] = shuffle(axes)
        return q && (softmax(where(less(iota(p!, x.shape[p!]!), iota(q, x.shape[q]!)), -1e30, x) as Any, q) as Any)
      }
      case 23:
        return mul(x, less(next() < 0.5 ? random(key, x.shape, below(9)) : normal(key, x.shape, below(9)), 0.5))
      case 24:
        return broadcastTo(x, Object.fromEntries(shuffle(Object.entries<number>({ ...x.shape, ...(axis ? {} : { a: 4 }) }))))
      case 26:
      case 27: {
        // Causal attention of x to itself or to y.
        if (!has(x, 'f') || has(x, 'g')) return undefined
        const z = has(y, 'f') && !has(y, 'g') ? y : x
        const [keys, values] = [any(rename(x, 'f', 'g')), any(rename(z, 'f', 'g'))]
        const inner = axes.find((a) => a !== 'f')
        const scores = inner === undefined ? mul(x, keys) : dot(x, keys, inner)
        const seen = where(less(iota('f', 8), iota('g', 8)), -1e30, mul(scores, 0.3))
        return dot(softmax(any(seen), 'g'), values, 'g')
      }
      case 25:
        return pick([stopGradient<string>, (z: Any) => maximum(z, 0) as Any])(x)
    }
    return undefined
  }

  const loss = (leaves: readonly Any[]): readonly [Tensor, readonly Any[]] => {
    const pool = [...leaves]
    for (let i = 0, tries = 6 + below(10); i < tries; i++) {
      const made = grow(pool)
      const kept = next() < 0.25
      if (made && volume(made.shape) <= 4000) pool.push(any(kept ? checkpoint(any(made)) : made))
    }
    const ends = [...pool.slice(-3), pick(pool)]
    return [ends.map((x): Tensor => sum(any(mul(tanh(x), x)), ...axesOf(x))).reduce((a, b) => add(a, b)), ends]
  }
  let ends: readonly Any[] = []
  const differentiate = vjp(
    (leaves: readonly Any[]) => {
      const [total, last] = loss(leaves)
      ends = last
      return total
    },
    { recompute: next() < 0.5 },
  )
  const [value, pullback] = differentiate(parameters)
  const gradient = pullback(constant(1))
  /** As a memory of keys and values changes: in one place. */
  const written = (x: Any): AnyTensor => {
    const axis = axesOf(x)[0]
    const row = ends.find((y) => axis !== undefined && axesOf(y).every((a) => a !== axis && has(x, a)))
    return axis === undefined ? x : where(equal(iota(axis, x.shape[axis]!), position), row ?? 3, x)
  }
  const steps = parameters.map((x, i) =>
    pick<AnyTensor>([sub(x, mul(gradient[i]!, 0.1)), x, gradient[i]!, written(x), broadcastTo(sub(x, gradient[i]!), x.shape)]),
  )
  const states = shuffle(steps.map((step, i) => [i, broadcastTo(step, parameters[i]!.shape)] as const).filter(() => next() < 0.7))
  const outputs = [...states.map(([, x]) => x), ...shuffle<AnyTensor>([value, ...gradient, ...ends]).slice(0, 1 + below(4))]
  const donated = new Map(states.map(([i], o) => [o, i] as const).filter(() => next() < 0.8))
  const inputs = [...parameters, ...labels, key, position]
  const data = inputs.map((x) => {
    const values = Float64Array.from({ length: volume(x.shape) }, () => next() * 2 - 1)
    if (x === position) return values.fill(below(8) - 1)
    return x === key ? values.fill(seed % 1000) : labels.some((l) => l === x) ? values.map(() => below(indices)) : values
  })
  return { graph: { inputs, outputs, donated }, data }
}
