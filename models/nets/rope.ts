/**
 * Rotary positions: queries and keys rotate by an angle that grows with their position, so that their products depend on how far they are apart.
 *
 *     (a, b) ↦ m (a cos φ − b sin φ, b cos φ + a sin φ)        φ = position · f(pair),   f(pair) = θ^(−pair / pairs) unless scaled
 *
 * Su et al. (2021), arXiv:2104.09864. Scaled for longer contexts: linear (Chen et al. 2023, arXiv:2306.15595), llama3, YaRN (Peng et al. 2023,
 * arXiv:2309.00071), LongRoPE (Ding et al. 2024, arXiv:2402.13753), as Hugging Face's transformers computes them.
 */
import { add, cos, exp, iota, mul, reverse, sin, sub, type Tensor, tensor } from '../../core/index.ts'
import { InputError } from '../io/errors.ts'
import type { RopeScaling } from './config.ts'
import type { ForwardContext } from './forward-context.ts'

export interface Rope {
  readonly theta: number
  readonly headSize: number
  /** Coordinates of a head that rotate, the first ones; the others stay. */
  readonly rotated: number
  readonly scaling?: RopeScaling
  /** The longest sequence that the model was made for, in tokens. */
  readonly context: number
}

/** A rotation of queries or keys at the positions of a pass. */
export type Rotate = <A extends string>(x: Tensor<A | 'seq' | 'half' | 'pair'>) => typeof x

/** @throws InputError where dynamic scaling would change the frequencies: the sequence is longer than the model's context */
export const rotation = (rope: Rope, { positions, length }: Pick<ForwardContext, 'positions' | 'length'>): Rotate => {
  const { frequencies, scale } = table(rope, length)
  const pairs = rope.headSize / 2
  const all = rope.rotated === rope.headSize
  /** One number a pair: those that do not rotate have `other`. */
  const spread = (values: readonly number[], other: number) =>
    tensor(
      { pair: pairs },
      Float64Array.from({ length: pairs }, (_, i) => values[i] ?? other),
    )
  const scaled = rope.scaling === undefined && all ? undefined : spread(frequencies, 0)
  const stretch = all || scale === 1 ? scale : spread(Array(frequencies.length).fill(scale), 1)
  return (x) => {
    const angle = mul(positions, scaled ?? exp(mul(iota('pair', pairs), -Math.log(rope.theta) / pairs)))
    const sign = sub(mul(iota('half', 2), 2), 1)
    const turned = add(mul(x, cos(angle)), mul(reverse(x, 'half'), mul(sign, sin(angle))))
    return (stretch === 1 ? turned : mul(turned, stretch)) as typeof x
  }
}

/** The frequency of each pair that rotates, and what rotated coordinates are multiplied by, in sequences of so many tokens. */
export const table = (rope: Rope, length: number): { readonly frequencies: readonly number[]; readonly scale: number } => {
  const { theta, rotated, scaling, context } = rope
  const plain = Array.from({ length: rotated / 2 }, (_, i) => theta ** ((-2 * i) / rotated))
  switch (scaling?.type) {
    case undefined:
      return { frequencies: plain, scale: 1 }
    case 'linear':
      return { frequencies: plain.map((f) => f / scaling.factor), scale: 1 }
    case 'dynamic':
      if (length > context) throw tooLong(length, context)
      return { frequencies: plain, scale: 1 }
    case 'llama3':
      return { frequencies: plain.map((f) => llama3(f, scaling)), scale: 1 }
    case 'yarn':
      return { frequencies: yarn(plain, theta, scaling), scale: scaling.attention }
    case 'longrope': {
      const stretch = length > scaling.original ? scaling.long : scaling.short
      return { frequencies: plain.map((f, i) => f / stretch[i]!), scale: scaling.attention }
    }
  }
}

type FrequencyScaling<T extends RopeScaling['type']> = Extract<RopeScaling, { readonly type: T }>

/** Long waves are stretched by the factor, short ones stay, and those between change gradually. */
const llama3 = (f: number, { factor, low, high, original }: FrequencyScaling<'llama3'>): number => {
  const wavelength = (2 * Math.PI) / f
  if (wavelength < original / high) return f
  if (wavelength > original / low) return f / factor
  const share = (original / wavelength - low) / (high - low)
  return ((1 - share) * f) / factor + share * f
}

/** Pairs that turn more than βfast times in the original context stay, those of less than βslow turns are stretched; a ramp lies between. */
const yarn = (plain: readonly number[], theta: number, scaling: FrequencyScaling<'yarn'>): readonly number[] => {
  const { factor, original, betaFast, betaSlow, truncate } = scaling
  const dimensions = 2 * plain.length
  const turning = (turns: number): number => (dimensions * Math.log(original / (2 * Math.PI * turns))) / (2 * Math.log(theta))
  const [fast, slow] = [turning(betaFast), turning(betaSlow)]
  const low = Math.max(truncate ? Math.floor(fast) : fast, 0)
  const high = Math.min(truncate ? Math.ceil(slow) : slow, dimensions - 1)
  const width = high === low ? 0.001 : high - low
  return plain.map((f, i) => {
    const share = Math.min(Math.max((i - low) / width, 0), 1)
    return (share * f) / factor + (1 - share) * f
  })
}

const tooLong = (length: number, context: number): InputError =>
  new InputError({
    field: 'rope_scaling',
    expected: `sequences of at most ${context} tokens`,
    found: `${length} tokens`,
    advice: 'Shorten them (--max-length): beyond its context, dynamic scaling would change every position of the model.',
  })
