/**
 * Published formulas as plain functions of numbers, beside the losses that they are of: a file of `formulas/` is named after its loss and
 * exports one by default. Gradients are compared with finite differences of them.
 */
/** A completion: log π_θ, log π_ref, log π_old, tokens, a judge's score. */
export interface Y {
  readonly p: number
  readonly q: number
  readonly old: number
  readonly n: number
  readonly score: number
}
/** A pair, or a judged completion and its label. */
export interface Row {
  readonly w: Y
  readonly l: Y
  readonly s: number
}
export interface Formula {
  readonly of: 'pairs' | 'judgements'
  /** The loss of a batch. What is held constant is computed from `held`: the rows before one of them was moved. */
  readonly total: (rows: readonly Row[], held: readonly Row[]) => number
}

const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length
/** The mean of a function of each pair. */
export const ofPairs = (f: (w: Y, l: Y) => number): Formula => ({ of: 'pairs', total: (rows) => mean(rows.map(({ w, l }) => f(w, l))) })
/** The mean of a function of each completion and its label: `w` of a row. */
export const ofJudged = (f: (y: Y, s: number) => number): Formula => ({
  of: 'judgements',
  total: (rows) => mean(rows.map(({ w, s }) => f(w, s))),
})

export const u = ({ p, q }: Y): number => p - q
export const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))
export const logSigmoid = (z: number): number => -Math.log1p(Math.exp(-z))
/** The mean over pairs of a divergence of (σ(z), σ(−z)) from (1, e⁻¹⁰), z = 0.1 (u_w − u_l): f-PO. */
export const divergence = (of: (q: number, t: number) => number): Formula =>
  ofPairs((w, l) => {
    const z = 0.1 * (u(w) - u(l))
    return of(sigmoid(z), 1) + of(sigmoid(-z), Math.exp(-10))
  })

/** The mean over pairs of a cost times a weight that is held. */
export const heldWeights = (weight: (row: Row) => number, cost: (row: Row) => number): Formula => ({
  of: 'pairs',
  total: (rows, held) => mean(rows.map((row, i) => weight(held[i]!) * cost(row))),
})
