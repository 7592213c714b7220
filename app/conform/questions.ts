/**
 * What an implementation of a loss is asked: batches, and changes of batches whose effect is known. Each question serves a property, by which a
 * wrong answer is told (properties.ts).
 */
import type { AnyLoss, Settings } from '../../halos/index.ts'
import { batchesFor, batchOf, type Sides, type VectorBatch } from '../handover/vectors.ts'
import type { ConformQuestion, ConformValues, Dtype } from './protocol.ts'

/** The properties that are asked about, and what each says. */
export const properties = {
  value: 'the loss of a batch is that of the declaration',
  'losses of examples': 'there is one loss an example, and each is right',
  rewards: 'the rewards are those of the declaration',
  gradient: 'the gradient is the derivative of the declared loss',
  'stop-gradient': 'no gradient flows where the declaration holds the reference point constant',
  'step 0': 'where the policy is its reference model, the loss is what it must be, and finite',
  ties: 'equal rewards, and kinks, are treated as declared',
  monotonicity: 'the loss falls and rises with log π where the declared one does',
  concavity: 'the slope of the loss grows and shrinks where the declared one does',
  saturation: 'the gradient vanishes where the declared one does, and nowhere else',
  'finite at extremes': 'log-ratios of ±10⁴ give finite losses and gradients',
  'pooled over micro-batches': 'a batch in micro-batches has the loss and gradient of the batch',
  'pooled over ranks': 'a batch spread over ranks has the loss and gradient of the batch',
  weights: 'the weights of desirable and undesirable examples are honoured',
  settings: 'every setting is honoured',
  'one-sided batches': 'a batch of one label only is legal, and right',
  'one example': 'a batch of one example is legal, and right',
  advantages: 'a label other than ±1 weighs the example',
  masks: 'nothing outside a completion matters',
  'order of examples': 'the order of examples (and pairs) does not matter',
  'reference model': 'the loss depends on the reference model as declared: adding to both log-probabilities changes nothing, if so',
  float32: 'float32 finds the same to 1e-5',
  bfloat16: 'bfloat16 finds the same to 5 %',
  'no memory': 'the same question has the same answer',
} as const
export type Property = keyof typeof properties

export interface Asked extends ConformQuestion {
  readonly property: Property
  /** The columns that make `expected`, where they are not `inputs` (rows that are masked). */
  readonly plain: Readonly<Record<string, readonly number[]>>
}

/** The loss as users name it, and its settings in full. */
export interface ConformSubject {
  readonly name: string
  readonly settings: Settings
  readonly needs: AnyLoss['needs']
}

/** Which batch serves which property. */
const ofBatches: readonly (readonly [id: string, property: Property])[] = [
  ['mild', 'value'],
  ['strong', 'gradient'],
  ['extreme', 'finite at extremes'],
  ['step 0', 'step 0'],
  ['ties', 'ties'],
  ['all desirable', 'one-sided batches'],
  ['all undesirable', 'one-sided batches'],
  ['weighed labels', 'advantages'],
  ['one example', 'one example'],
]
/** What can only be asked of losses that read labels. */
const ofLabels: readonly Property[] = ['one-sided batches', 'advantages']
const signs: readonly number[] = [1, -1, 1, 1, -1, -1, 1, -1]
const line: readonly number[] = Array.from({ length: 13 }, (_, i) => 6 * (i - 6) + 1) // whose mean is not 0, where a clamp has a kink
const still: readonly number[] = line.map(() => 0)
/** Reference points of both signs, part by part; that of the whole is positive. */
const split: Sides = {
  ...{ id: 'in parts', own: [1, -2, 0.5, 3, -1, 2, -0.5, 1.5], other: [-6, -4, -5, 8, 10, 4, 9, 7], labels: signs },
}
/** Numbers that bfloat16 holds: multiples of ¼ below 64. */
const coarse: Sides = { id: 'coarse', own: [1, -2, 0.5, 3, -1, 2, -0.5, 1.5], other: [2, 0, -1, 1, 3, -2, 0.25, 1], labels: signs }

/** All questions about a loss. */
export const questionsFor = (subject: ConformSubject): readonly Asked[] => {
  const { name, needs, settings } = subject
  const ask = (property: Property, { id, inputs }: Omit<VectorBatch, 'parts'>, more: Partial<ConformQuestion> = {}): Asked => ({
    ...{ property, plain: inputs, id, loss: name, settings, dtype: 'float64', inputs },
    ...more,
  })
  const batches = batchesFor(subject)
  const named = (id: string): VectorBatch => batches.find((batch) => batch.id === id)!
  const of = (sides: Sides): VectorBatch => batchOf(subject, sides)
  const mild = named('mild')
  const as = (dtype: Dtype, batch: VectorBatch): Asked =>
    ask(dtype === 'float32' ? 'float32' : 'bfloat16', { ...batch, id: `${batch.id}, ${dtype}` }, { dtype })
  const cut = (over: 'micro-batches' | 'ranks', parts: readonly number[]): Asked =>
    ask(`pooled over ${over}`, { ...of(split), id: `${parts.join(' + ')} over ${over}` }, { over, parts })
  return [
    ...ofBatches.filter(([, property]) => needs.label || !ofLabels.includes(property)).map(([id, property]) => ask(property, named(id))),
    ask('monotonicity', of({ id: 'a line of desirable examples', own: line, other: still, labels: still.map(() => 1) })),
    ask('monotonicity', of({ id: 'a line of undesirable examples', own: line, other: still, labels: still.map(() => -1) })),
    ask('order of examples', { id: 'mild, in another order', inputs: permuted(mild.inputs) }),
    ...(needs.reference ? [ask('reference model', { id: 'mild, both models surer', inputs: shifted(mild.inputs, -3) })] : []),
    ...changesOf(settings).map(([setting, value]) =>
      ask(
        /^(un)?desirable$/.test(setting) ? 'weights' : 'settings',
        { ...mild, id: `${setting} = ${value}` },
        { settings: { ...settings, [setting]: value } },
      ),
    ),
    ...[cut('micro-batches', [3, 5]), cut('micro-batches', [1, 2, 5]), cut('ranks', [3, 5]), cut('ranks', [4, 4])],
    ask('masks', { ...mild, id: 'mild, token by token' }, inRows(mild.inputs)),
    ...[as('float32', mild), as('float32', named('strong')), as('float32', named('extreme')), as('bfloat16', of(coarse))],
    ask('no memory', { ...mild, id: 'mild, again' }),
  ]
}

/** Each setting, changed. */
const changesOf = (settings: Settings): readonly (readonly [string, number])[] =>
  Object.entries(settings).map(([name, value]) => [name, value === 0 ? 0.125 : 1.5 * value] as const)

type Columns = Readonly<Record<string, readonly number[]>>
const each = (inputs: Columns, f: (column: readonly number[], name: string) => readonly number[]): Columns =>
  Object.fromEntries(Object.entries(inputs).map(([name, column]) => [name, f(column, name)]))
/** Where the examples went: the last first. */
export const permuted = (inputs: Columns): Columns => each(inputs, (column) => [...column].reverse())
const shifted = (inputs: Columns, by: number): Columns =>
  each(inputs, (column, name) => (name.endsWith('logps') ? column.map((x) => x + by) : column))

/** Log-probabilities as rows of tokens, with something else where the completion has ended (and before it began). */
const inRows = (inputs: Columns): Pick<ConformQuestion, 'inputs' | 'masks'> => {
  const rows: Record<string, ConformValues> = {}
  const masks: Record<string, readonly (readonly number[])[]> = {}
  for (const [name, column] of Object.entries(inputs)) {
    if (!name.endsWith('logps')) {
      rows[name] = column
      continue
    }
    const lengths = inputs[lengthsOf(name)] ?? column.map((_, i) => 1 + (i % 4))
    const width = Math.max(...lengths) + 2
    const inside = (i: number, t: number): boolean => t > 0 && t <= lengths[i]!
    masks[name] = column.map((_, i) => Array.from({ length: width }, (_, t) => (inside(i, t) ? 1 : 0)))
    rows[name] = column.map((x, i) => {
      const first = x - (lengths[i]! - 1) * tokenOf(x, lengths[i]!)
      return Array.from({ length: width }, (_, t) => (t === 1 ? first : inside(i, t) ? tokenOf(x, lengths[i]!) : outside(name, i, t)))
    })
  }
  return { inputs: rows, masks }
}
/** What stands where there is no completion: nothing that would cancel. */
const outside = (name: string, i: number, t: number): number =>
  -1 - ((3 * i + t) % 5) - (name.startsWith('policy_') ? (name.length * i) % 7 : 0)
/** About an equal share of the sum, as a number that adds up exactly. */
const tokenOf = (sum: number, tokens: number): number => Math.round((sum / tokens) * 64) / 64
/** The column of lengths that belongs to a column of log-probabilities. */
export const lengthsOf = (name: string): string => {
  const infix = /^(?:policy|ref)_(?:(.+)_)?logps$/.exec(name)?.[1]
  return infix === undefined ? 'lengths' : `${infix}_lengths`
}
