/**
 * Answers that somebody recorded, judged by their numbers alone: which property of the declared loss they contradict, and the known defect that
 * explains them exactly, where one does.
 *
 *     [{ "id", "loss", "settings", "dtype"?, "inputs", "parts"?, "answer": { "loss", "losses"?, "rewards"?, "grads" } }, …]
 */
import { reference } from '../../backends/index.ts'
import type { AnyLoss, Settings } from '../../halos/index.ts'
import { type Case, evaluateCase } from '../../halos/internal.ts'
import { DataError } from '../../models/index.ts'
import { parseJson } from '../../models/internal.ts'
import { findLoss } from '../inputs/losses.ts'
import { type ConformValues, type Dtype, isReply, type Reply, replyOf } from './protocol.ts'
import type { Property } from './questions.ts'

export interface Recorded {
  readonly id: string
  readonly loss: string
  readonly settings: Settings
  readonly dtype: Dtype
  readonly inputs: Case['inputs']
  /** The sizes of the ranks' shares, where it was several. */
  readonly parts?: readonly number[]
  readonly answer: Reply
}
export interface JudgedRecord {
  readonly id: string
  /** 'weights: …', one for each property that the numbers contradict. */
  readonly defects: readonly string[]
}

/** @throws DataError naming the record; UsageError, DeclarationError for a loss that is none */
export const judgeRecords = async (text: string, file: string): Promise<readonly JudgedRecord[]> => {
  const judged: JudgedRecord[] = []
  for (const record of recordsOf(text, file)) judged.push({ id: record.id, defects: await defectsOf(record) })
  return judged
}

const recordsOf = (text: string, file: string): readonly Recorded[] => {
  const given: unknown = parseJson(text)
  const wrong = (expected: string, found: unknown): DataError =>
    new DataError({
      ...{ file, expected, found: JSON.stringify(found)?.slice(0, 60) ?? 'nothing' },
      advice:
        'Write [{"id": "…", "loss": "kto", "settings": {"beta": 0.1}, "inputs": {"policy_logps": […], …}, "answer": {"loss": …, "grads": {…}}}, …].',
    })
  if (!Array.isArray(given)) throw wrong('a JSON array of records', given)
  return given.map((each: Partial<Recorded> | null, i): Recorded => {
    const answer = replyOf(each?.answer)
    if (typeof each?.loss !== 'string' || typeof each.inputs !== 'object') throw wrong(`record ${i} with "loss" and "inputs"`, each)
    if (answer === undefined || !isReply(answer)) throw wrong(`record ${i} with "answer": {"loss": …, "grads": {…}}`, each.answer)
    return { ...{ id: `${i}`, settings: {}, dtype: 'float64' }, ...each, ...{ loss: each.loss, inputs: each.inputs, answer } }
  })
}

const tolerances: { readonly [D in Dtype]: number } = { float64: 1e-9, float32: 1e-5, bfloat16: 0.05 }
type Found = Pick<Reply, 'loss' | 'grads'> & { readonly losses: readonly number[] }

/** What the numbers contradict. */
export const defectsOf = async (record: Recorded): Promise<readonly string[]> => {
  const { answer, dtype, inputs } = record
  const tolerance = tolerances[dtype]
  const loss = await findLoss(record.loss, record.settings)
  const ours = await evaluate(loss, inputs)
  const examples = rowsIn(inputs)
  const defects: string[] = []
  const say = (property: Property, what: string): void => void defects.push(`${property}: ${what}`)
  const atRest = Object.entries(inputs).every(
    ([name, x]) => !name.startsWith('policy_') || same(x, inputs[name.replace('policy_', 'ref_')]),
  )
  const odd = oddIn(answer)
  if (odd !== undefined && oddIn(ours) === undefined)
    say(
      atRest ? 'step 0' : dtype === 'float32' ? 'float32' : 'finite at extremes',
      `${odd}, where the declared loss is ${ours.loss} and its gradient finite`,
    )
  if (answer.losses !== undefined && answer.losses.flat().length !== examples)
    say('losses of examples', `${shapeOf(answer.losses)} numbers for ${examples} examples: terms of examples and of tokens were broadcast`)
  const agrees = (found: Pick<Found, 'loss' | 'grads'>): boolean =>
    near(answer.loss, found.loss, tolerance) && !differs(answer, found, tolerance)
  if (odd === undefined && !agrees(ours)) {
    const known = await explanation(record, loss, agrees)
    if (known !== undefined) say(...known)
    else if (!near(answer.loss, ours.loss, tolerance)) say('value', `the loss is ${answer.loss}, expected ${ours.loss}`)
    else say('gradient', differs(answer, ours, tolerance)!)
  }
  return defects
}

/** The defect that yields exactly these numbers. */
const explanation = async (
  { settings, inputs, parts, loss: name }: Recorded,
  loss: AnyLoss,
  agrees: (found: Pick<Found, 'loss' | 'grads'>) => boolean,
): Promise<readonly [Property, string] | undefined> => {
  const weighed = Object.keys(settings).filter((setting) => /^(un)?desirable$/.test(setting))
  if (weighed.length > 0) {
    const unweighed = await findLoss(name, { ...settings, ...Object.fromEntries(weighed.map((setting) => [setting, 1])) })
    if (agrees(await evaluate(unweighed, inputs)))
      return ['weights', `the answer is that of weights 1: ${weighed.join(' and ')} are ignored`]
  }
  if (parts !== undefined && loss.statistic !== undefined) {
    const own = await Promise.all(cut(inputs, parts).map((part) => evaluate(loss, part)))
    const whole = parts.reduce((a, b) => a + b)
    const [equally, bySize] = [() => 1 / parts.length, (i: number) => parts[i]! / whole]
    for (const share of [bySize, equally])
      if (agrees(joined(own, share)))
        return [
          'pooled over ranks',
          'the answer is the mean of ranks that each have a reference point of their own (clamped, then averaged)',
        ]
  }
  const blind = Object.fromEntries(Object.entries(inputs).map(([column, x]) => [column, column.startsWith('ref_') ? zeros(x) : x]))
  if (loss.needs.reference && agrees(await evaluate(loss, blind)))
    return ['reference model', 'the answer is that without a reference model']
  return undefined
}

// ------------------------------------------------------------------ numbers

const backend = reference()
const evaluate = async (loss: AnyLoss, inputs: Case['inputs']): Promise<Found> => evaluateCase(backend, loss, { inputs })

/** The loss and gradient of ranks, each by itself, added in these shares. */
const joined = (parts: readonly Found[], share: (i: number) => number): Pick<Found, 'loss' | 'grads'> => ({
  loss: parts.reduce((sum, { loss }, i) => sum + share(i) * loss, 0),
  grads: Object.fromEntries(
    Object.entries(parts[0]!.grads).map(([name, first]) => [
      name,
      first === null ? null : parts.flatMap(({ grads }, i) => (grads[name] ?? []).flat().map((x) => share(i) * x)),
    ]),
  ),
})
const cut = (inputs: Case['inputs'], parts: readonly number[]): readonly Case['inputs'][] =>
  parts.map((size, i) => {
    const from = parts.slice(0, i).reduce((a, b) => a + b, 0)
    return Object.fromEntries(Object.entries(inputs).map(([name, x]) => [name, x.slice(from, from + size)])) as Case['inputs'] // columns stay columns
  })
const zeros = (x: Case['inputs'][string]): Case['inputs'][string] =>
  x.map((row) => (Array.isArray(row) ? row.map(() => 0) : 0)) as Case['inputs'][string] // of the same shape
const rowsIn = (inputs: Case['inputs']): number => Object.values(inputs)[0]?.length ?? 0
const same = (x: unknown, y: unknown): boolean => JSON.stringify(x) === JSON.stringify(y)
const shapeOf = (x: ConformValues): string => (Array.isArray(x[0]) ? `${x.length} × ${x[0].length}` : `${x.length}`)
const oddIn = ({ loss, grads }: Pick<Found, 'loss' | 'grads'>): string | undefined => {
  if (!Number.isFinite(loss)) return `the loss is ${loss}`
  const odd = Object.entries(grads).find(([, x]) => x?.flat().some((y) => !Number.isFinite(y)))
  return odd && `∂loss/∂${odd[0]} has numbers that are not finite`
}
const near = (x: number, y: number, tolerance: number): boolean => Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(y))
/** The first gradient that is another one. */
const differs = (answer: Pick<Reply, 'grads'>, ours: Pick<Found, 'grads'>, tolerance: number): string | undefined => {
  for (const [name, gradient] of Object.entries(ours.grads)) {
    if (!Object.hasOwn(answer.grads, name)) continue
    const [theirs, own] = [(answer.grads[name] ?? []).flat(), (gradient ?? []).flat()]
    const scale = Math.max(1e-6, ...own.map(Math.abs), ...theirs.map(Math.abs))
    const length = Math.max(theirs.length, own.length)
    for (let i = 0; i < length; i++)
      if (!(Math.abs((theirs[i] ?? 0) - (own[i] ?? 0)) <= tolerance * scale))
        return `∂loss/∂${name}[${i}] is ${theirs[i] ?? 0}, expected ${own[i] ?? 0}`
  }
  return undefined
}
