/**
 * A theorem is a value: a statement from the literature, the property that checks it, and a control that the same property
 * must refute. A control that survives means the property is too weak to tell the two apart, and fails the suite.
 */
import test from 'node:test'
import fc from 'fast-check'

type Property = fc.IRawProperty<unknown, boolean>

export interface Theorem {
  readonly statement: string
  readonly source: string
  /** Must hold for every generated case. */
  readonly holds: Property
  /** The same property of something the theorem does not cover: a counterexample must be found. */
  readonly control: { readonly of: string; readonly breaks: Property }
  readonly cases?: number
}

const seed = 20240202

export const theorem = (name: string, { statement, holds, control, cases = 200 }: Theorem): void => {
  test(`${name}: ${statement}`, async () => {
    await fc.assert(holds, { numRuns: cases, seed })
  })
  test(`${name}, control: refuted by ${control.of}`, async (t) => {
    const run = await fc.check(control.breaks, { numRuns: cases, seed })
    if (!run.failed) throw new Error(`the control (${control.of}) satisfies the property: it is too weak to tell them apart`)
    t.diagnostic(`refuted by ${fc.stringify(run.counterexample)}`)
  })
}
