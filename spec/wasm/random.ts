/** Reproducible choices for tests that fuzz. */
export interface Generator {
  /** In [0, 1). */
  readonly unit: () => number
  /** From `least` to `most`, both included. */
  readonly integer: (least: number, most: number) => number
  readonly pick: <T>(from: readonly T[]) => T
  /** A single-precision number in [−1, 1). */
  readonly real: () => number
  readonly chance: (probability: number) => boolean
}

export const generator = (seed: number): Generator => {
  let state = seed >>> 0
  const unit = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const integer = (least: number, most: number): number => least + Math.floor(unit() * (most - least + 1))
  return {
    unit,
    integer,
    pick: (from) => from[integer(0, from.length - 1)]!,
    real: () => Math.fround(2 * unit() - 1),
    chance: (probability) => unit() < probability,
  }
}
