/** What every backend must compute as the reference does: kernel kind by kernel kind. Sizes are odd on purpose. */
import {
  type AnyTensor,
  add,
  broadcastTo,
  concatenate,
  cos,
  div,
  dot,
  erf,
  exp,
  flatten,
  grad,
  iota,
  less,
  log,
  logSoftmax,
  logSumExp,
  max,
  maximum,
  mean,
  mul,
  negate,
  normal,
  pad,
  random,
  rename,
  reverse,
  type Shape,
  scatterAdd,
  sigmoid,
  sin,
  slice,
  softmax,
  softplus,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  take,
  tanh,
  tensor,
  unflatten,
  volume,
  where,
} from '../../core/index.ts'
import { draw } from '../../core/internal.ts'

/** Numbers to choose by. All arrays have their axes in random order. */
export interface Dice {
  readonly order: <A extends string>(shape: Shape<A>) => Shape<A>
  /** Numbers in [−2, 2). */
  readonly reals: <A extends string>(shape: Shape<A>) => Tensor<A>
  /** Whole numbers from `low` up to, not including, `high`. */
  readonly whole: <A extends string>(shape: Shape<A>, low: number, high: number) => Tensor<A>
}
export const dice = (seed: number): Dice => {
  let rolled = 0
  const real = (): number => draw(seed, rolled++)
  const order = <A extends string>(shape: Shape<A>): Shape<A> => {
    const shuffled = Object.entries<number>(shape).map(([axis, n]) => [real(), axis, n] as const)
    return Object.fromEntries(shuffled.sort((a, b) => a[0] - b[0]).map(([, axis, n]) => [axis, n])) as Shape<A> // the same axes
  }
  const array = <A extends string>(shape: Shape<A>, value: () => number): Tensor<A> =>
    tensor(order(shape), Array.from({ length: volume(shape) }, value))
  return {
    order,
    reals: (shape) => array(shape, () => Math.fround(real() * 4 - 2)),
    whole: (shape, low, high) => array(shape, () => low + Math.floor(real() * (high - low))),
  }
}

/** `exact`: sums of small whole numbers, or the same bits by definition, so `===`. */
export interface Case {
  readonly exact?: boolean
  readonly outputs: (d: Dice) => readonly AnyTensor[]
}

const layerNorm = (x: Tensor<'row' | 'column'>, gain: Tensor<'column'>): Tensor<'row' | 'column'> => {
  const centred = sub(x, mean(x, 'column'))
  return mul(div(centred, sqrt(add(mean(square(centred), 'column'), 1e-5))), gain)
}
const causal = (scores: Tensor<'head' | 'seq' | 'past'>, length: number): Tensor<'head' | 'seq' | 'past'> =>
  softmax(where(less(iota('seq', length), iota('past', length)), -1e30, scores), 'past')

export const kinds: { readonly [name: string]: Case } = {
  map: {
    outputs: (d) => {
      const [x, y, b] = [d.reals({ row: 5, column: 7 }), d.reals({ row: 5, column: 7 }), d.reals({ column: 7 })]
      const positive = add(square(y), 0.25)
      return [
        add(mul(x, y), b),
        div(x, positive),
        sqrt(positive),
        log(positive),
        exp(x),
        sin(mul(x, 20)),
        cos(mul(x, 20)),
        maximum(x, b),
        where(less(x, y), x, b),
      ]
    },
  },
  'derived words': {
    outputs: (d) => {
      const x = mul(d.reals({ row: 3, column: 9 }), 3)
      return [tanh(x), sigmoid(x), softplus(x), erf(x), mul(softplus(sub(x, 12)), 1e5)]
    },
  },
  'map of one number': { outputs: (d) => [exp(sum(d.reals({ row: 3 }), 'row')), mul(d.reals({}), 2)] },
  'sums of rows and columns': {
    exact: true,
    outputs: (d) => {
      const x = d.whole({ row: 13, column: 9, depth: 4 }, -4, 5)
      return [sum(x, 'row'), sum(x, 'column'), sum(x, 'row', 'column'), sum(x, 'row', 'column', 'depth'), sum(mul(x, x), 'depth')]
    },
  },
  'largest of rows and columns': {
    exact: true,
    outputs: (d) => {
      const x = d.whole({ row: 6, column: 11, depth: 3 }, -40, 40)
      return [max(x, 'row'), max(x, 'column'), max(negate(x), 'row', 'depth'), max(x, 'row', 'column', 'depth')]
    },
  },
  softmax: {
    outputs: (d) => {
      const [x, g] = [d.reals({ row: 6, column: 10 }), d.reals({ row: 6, column: 10 })]
      return [
        softmax(x, 'column'),
        softmax(x, 'row'),
        logSumExp(x, 'row', 'column'),
        grad((y: typeof x) => sum(mul(softmax(y, 'column'), g), 'row', 'column'))(x),
      ]
    },
  },
  'cross-entropy': {
    outputs: (d) => {
      const [logits, label] = [mul(d.reals({ row: 7, class: 11 }), 4), d.whole({ row: 7 }, 0, 11)]
      const loss = (x: Tensor<'row' | 'class'>): Tensor => negate(mean(take(logSoftmax(x, 'class'), 'class', label), 'row'))
      return [loss(logits), grad(loss)(logits)]
    },
  },
  'layer norm': {
    outputs: (d) => {
      const p = { x: d.reals({ row: 5, column: 12 }), gain: d.reals({ column: 12 }) }
      const g = d.reals({ row: 5, column: 12 })
      const gradient = grad((q: typeof p) => sum(mul(layerNorm(q.x, q.gain), g), 'row', 'column'))(p)
      return [layerNorm(p.x, p.gain), gradient.x, gradient.gain]
    },
  },
  'causal attention': {
    outputs: (d) => {
      const p = {
        q: d.reals({ head: 2, seq: 8, key: 4 }),
        k: d.reals({ head: 2, past: 8, key: 4 }),
        v: d.reals({ head: 2, past: 8, key: 4 }),
      }
      const g = d.reals({ head: 2, seq: 8, key: 4 })
      const attend = ({ q, k, v }: typeof p): Tensor<'head' | 'seq' | 'key'> => dot(causal(dot(q, k, 'key'), 8), v, 'past')
      const gradient = grad((x: typeof p) => sum(mul(attend(x), g), 'head', 'seq', 'key'))(p)
      return [attend(p), gradient.q, gradient.k, gradient.v]
    },
  },
  'contraction, in all orders of axes': {
    exact: true,
    outputs: () =>
      Array.from({ length: 8 }, (_, i) => {
        const pairs = <A extends string>(shape: Shape<A>, swap: number): Shape<A> =>
          Object.fromEntries(swap ? Object.entries(shape).reverse() : Object.entries(shape)) as Shape<A> // the same axes
        const [a, b] = [pairs({ m: 6, k: 9 }, i & 1), pairs({ k: 9, n: 5 }, i & 2)]
        const values = (shape: Shape): number[] => Array.from({ length: volume(shape) }, (_, j) => ((j * 7 + i) % 9) - 4)
        return broadcastTo(dot(tensor(a, values(a)), tensor(b, values(b)), 'k'), pairs({ m: 6, n: 5 }, i & 4))
      }),
  },
  'contraction with batch axes': {
    exact: true,
    outputs: (d) => {
      const [a, b] = [d.whole({ batch: 3, head: 2, m: 5, k: 6 }, -4, 5), d.whole({ head: 2, k: 6, n: 4 }, -4, 5)]
      const c = d.whole({ batch: 3, head: 2, k: 6, n: 8 }, -4, 5)
      return [
        dot(a, b, 'k'),
        dot(a, b, 'k', 'head'),
        dot(a, c, 'k'),
        dot(a, c, 'batch', 'k'),
        add(dot(a, c, 'k', 'batch', 'head'), d.whole({ m: 5, n: 8 }, -4, 5)),
      ]
    },
  },
  'contraction of vectors': {
    exact: true,
    outputs: (d) => {
      const [a, x] = [d.whole({ m: 12, k: 16 }, -4, 5), d.whole({ k: 16 }, -4, 5)]
      return [dot(a, x, 'k'), dot(x, x, 'k'), mul(a, x)]
    },
  },
  'gather and scatter-add': {
    exact: true,
    outputs: (d) => {
      const [table, index] = [d.whole({ word: 9, embed: 6 }, -9, 10), d.whole({ batch: 3, seq: 5 }, 0, 9)]
      const g = d.whole({ batch: 3, seq: 5, embed: 6 }, -4, 5)
      const gradient = grad((t: typeof table) => sum(mul(take(t, 'word', index), g), 'batch', 'seq', 'embed'))(table)
      return [take(table, 'word', index), scatterAdd(g, index, 'word', 9), gradient]
    },
  },
  'windows: slices, padding, reversal, concatenation': {
    exact: true,
    outputs: (d) => {
      const [x, y] = [d.whole({ row: 5, column: 6 }, -9, 10), d.whole({ row: 5, column: 3 }, -9, 10)]
      const turned = reverse(slice(x, 'column', 1, 4), 'column')
      const gradient = grad((z: typeof x) =>
        sum(square(concatenate([reverse(slice(z, 'column', 0, 3), 'row'), y], 'column')), 'row', 'column'),
      )(x)
      return [turned, pad(turned, 'row', 2, 1), concatenate([x, y, x], 'column'), sum(concatenate([x, y], 'column'), 'column'), gradient]
    },
  },
  'axes split, joined and renamed': {
    exact: true,
    outputs: (d) => {
      const x = d.whole({ row: 4, column: 12 }, -9, 10)
      const parts = unflatten(x, 'column', { head: 3, key: 4 })
      const square4 = d.whole({ row: 4, column: 4 }, -9, 10)
      return [
        broadcastTo(parts, d.order(parts.shape)),
        flatten(mul(parts, 2), ['key', 'head'], 'column'),
        mul(square4, rename(rename(square4, 'row', 'other'), 'column', 'row')),
      ]
    },
  },
  'random numbers': {
    exact: true,
    outputs: (d) => [random(tensor({}, [7]), d.order({ row: 9, column: 10 }), 5), random(tensor({}, [16777213]), { row: 33 }, 2 ** 31 - 1)],
  },
  'normal random numbers': { outputs: () => [normal(tensor({}, [3]), { row: 64 }, 4)] },
  constants: { exact: true, outputs: (d) => [broadcastTo(tensor({}, [3]), { row: 4 }), mul(d.whole({ row: 4 }, 1, 3), 0), iota('row', 5)] },
}
