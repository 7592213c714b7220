/**
 * What the page says of a draft: first the curves, which take a moment, then the verdict, condition by condition. Both are read off the loss that
 * `lossOfDraft` makes, so that what is drawn, proved and trained is one text.
 */
import { either as E } from 'fp-ts'
import { derivative, numbers, type Unary } from '../../../core/index.ts'
import {
  type AnyLoss,
  describe,
  explain,
  isHalo,
  type LossFamily,
  median,
  series,
  subjectiveValue,
  toLatex,
  verify,
} from '../../../halos/index.ts'
import { concave, decide, nonDecreasing } from '../../../halos/internal.ts'
import { ExpressionError } from './cursor.ts'
import { familiesOf, fileOf, lossOfDraft, partsOf, UnknownLossError, valueFunctionOf } from './declaration.ts'
import type { Draft, PartsDraft } from './draft.ts'

export type CurvePoints = readonly (readonly [x: number, y: number])[]

/** The curves of a loss over z, the gain over the reference point. A loss that is no function of a gain has none. */
export interface Sketch {
  readonly name: string
  readonly latex: string
  readonly file: string
  readonly value?: CurvePoints
  /** |∂L/∂r| of a desirable completion over z = r − z₀, and of an undesirable one, which feels −z. */
  readonly pull?: { readonly desirable: CurvePoints; readonly undesirable: CurvePoints }
  /** The human utility that the loss implies, and Kahneman and Tversky's, which is as large at a gain of 3. */
  readonly utility?: CurvePoints
  readonly human: CurvePoints
}
export interface DraftVerdict {
  readonly verdict: string
  readonly conditions: readonly { readonly name: string; readonly tag: string; readonly text: string }[]
  /** Where v is not what a value function must be: points on its curve. */
  readonly witness: CurvePoints
  /** What the shape of v means, in sentences. */
  readonly profile: readonly string[]
}
/** Why there is nothing to see: the sentence, and the place in the text. */
export interface DraftFlaw {
  readonly flaw: string
  readonly at?: number
}

/** Utilities have no unit: Kahneman and Tversky's is drawn on the scale on which it agrees with the loss about this gain. */
const humanScale = 3
const range = { from: -6, to: 6, points: 241 }

/** Every number that is drawn is finite: a curve has gaps where it is not. */
const finite = (points: CurvePoints): CurvePoints => points.map(([x, y]) => [x, Number.isFinite(y) ? y : Number.NaN])

export const sketch = async (draft: Draft): Promise<Sketch | DraftFlaw> =>
  withLoss(draft, (loss) => {
    const [value, utility, gradient] = (['value', 'utility', 'gradient'] as const).map((curve) => series(loss, curve, range)?.points)
    const undesirable = isHalo(loss) ? pull(loss.value.body, loss.t.undesirable.scale, loss.inverseTemperature.undesirable) : undefined
    const felt = subjectiveValue(median)
    const [gain = 0] = (utility ?? []).flatMap(([z, y]) => (z === humanScale ? [y / felt(z)] : []))
    return {
      ...{ name: loss.name, latex: toLatex(loss), file: fileOf(draft) },
      ...(value && { value: finite(value) }),
      ...(gradient && { pull: { desirable: finite(gradient), undesirable: finite(undesirable ?? gradient.map(([z, y]) => [-z, y])) } }),
      ...(utility && { utility: finite(utility) }),
      human: (value ?? []).map(([z]) => [z, (gain > 0 ? gain : 1) * felt(z)]),
    }
  })

const pull = (v: Unary, a: number, tau: number): CurvePoints => {
  const slope = derivative(v)(numbers)
  return Array.from({ length: range.points }, (_, i) => range.from + ((range.to - range.from) * i) / (range.points - 1)).map((z) => [
    z,
    Math.abs(a * tau * slope(-tau * z)),
  ])
}

export const prove = async (draft: Draft): Promise<DraftVerdict | DraftFlaw> =>
  withLoss(draft, (loss) => {
    const report = verify(loss)
    const lines = describe(report)
    return {
      verdict: report.verdict,
      conditions: report.conditions.map(({ name, finding }) => {
        const line = lines.find((each) => each.startsWith(`  ${name}: `)) ?? ''
        return { name, tag: finding.tag, text: line.slice(name.length + 4) }
      }),
      witness: report.verdict === 'not a HALO' ? witnessOf(loss) : [],
      profile: report.profile === undefined ? [] : lines.slice(-3).map((line) => line.trim()),
    }
  })

const witnessOf = (loss: AnyLoss): CurvePoints => {
  const v = valueFunctionOf(loss)
  if (v === undefined) return []
  const claims = [decide(v, nonDecreasing, [-Infinity, Infinity]), decide(v, concave, [0, Infinity])]
  return claims.flatMap((found) => (found.tag === 'refuted' ? found.witness.map((z) => [z, v(numbers)(z)] as const) : []))
}

/** Errors that a person can do something about are sentences; all others are, too, but say that they are ours. */
const withLoss = async <T>(draft: Draft, read: (loss: AnyLoss) => T): Promise<T | DraftFlaw> => {
  try {
    return E.match(
      (flaws: Parameters<typeof explain>[0]): T | DraftFlaw => ({ flaw: explain(flaws) }),
      (loss: AnyLoss): T | DraftFlaw => read(loss),
    )(await lossOfDraft(draft))
  } catch (error) {
    if (error instanceof ExpressionError) return { flaw: error.message, at: error.at }
    if (error instanceof UnknownLossError) return { flaw: error.message }
    return { flaw: `this declaration could not be read: ${error instanceof Error ? error.message : String(error)}` }
  }
}

/** A row of the catalogue. */
export interface CatalogueEntry {
  readonly key: string
  readonly name: string
  readonly verdict: string
  readonly defaults: Readonly<Record<string, number>>
  readonly title: string
  readonly year: number | undefined
  readonly arxiv: string | undefined
  readonly at: string
  readonly latex: string
  readonly curve?: CurvePoints
}

/** The names alone, at once. */
export const names = async (): Promise<readonly Pick<CatalogueEntry, 'key' | 'defaults'>[]> =>
  (await familiesOf()).map(({ key, defaults }) => ({ key, defaults }))

/** The whole catalogue, each loss verified here; each row is told as soon as it is there. */
export const table = async (tell: (entry: CatalogueEntry) => void): Promise<void> => {
  for (const family of await familiesOf()) {
    const made = family()
    if (E.isRight(made)) tell(entryOf(family, made.right))
  }
}
const entryOf = ({ key, defaults }: LossFamily, loss: AnyLoss): CatalogueEntry => {
  const { name, source } = loss
  const curve = series(loss, 'utility', { from: -5, to: 5, points: 61 })?.points
  return {
    ...{ key, name, verdict: verify(loss).verdict, defaults, latex: toLatex(loss) },
    ...{ title: source.title, year: source.year, arxiv: source.arxiv, at: source.at },
    ...(curve && { curve: finite(curve) }),
  }
}

/** A loss of the catalogue as parts, to change. */
export const parts = (draft: Draft): Promise<PartsDraft | undefined> =>
  draft.kind === 'catalogue' ? partsOf(draft) : Promise.resolve(draft)
