/**
 * Implementations of KTO, DPO, hinge and IPO as people write them, from their papers, with every mistake that can be made: a mutation changes one
 * thing. They share nothing with the declarations but the operations of tensors.
 */
import type { ConformQuestion, ConformReply, Implementation, Reply } from '../../app/conform/protocol.ts'
import { reference } from '../../backends/index.ts'
import {
  type AnyTensor,
  add,
  div,
  exp,
  grad,
  log,
  logSigmoid,
  maximum,
  mean,
  mul,
  read,
  relu,
  sigmoid,
  size,
  slice,
  stopGradient,
  sub,
  sum,
  type Tensor,
  tensor,
  where,
} from '../../core/index.ts'

type Column = Tensor<'example'>
type Columns = Readonly<Record<string, Column>>
const of = (x: AnyTensor): Column => x as Column // every column has one number an example

/** What can be done otherwise. */
export interface Choices {
  /** z₀ of the parts (in units of reward), and whether each part has its own. */
  readonly pool: (parts: readonly Column[]) => readonly Tensor[]
  readonly hold: (z0: Tensor) => Tensor
  readonly rewards: (policy: Column, reference: Column, beta: number) => Column
  /** Of the completions that the reference point averages. */
  readonly elsewhere: (x: Columns) => Column
  readonly value: (z: Column) => Column
  readonly sign: (label: Column) => Column
  readonly weight: (label: Column, desirable: number, undesirable: number) => Column
  readonly magnitude: (label: Column) => Column
  readonly average: (losses: Column, label: Column) => Tensor
  readonly pair: (z: Column, chosen: Column, rejected: Column, beta: number) => Column
  readonly beta: (beta: number) => number
  readonly completion: (row: readonly number[], mask: readonly number[]) => number
  /** The answer, changed on its way out. */
  readonly answer: (reply: Reply, question: ConformQuestion) => ConformReply
}

const total = (parts: readonly Tensor[]): Tensor => parts.reduce((a, b) => add(a, b))
const positive = (label: Column): Column => of(where(sub(label, maximum(label, 0)), 0, 1)) // 1 where label = max(label, 0)
export const right: Choices = {
  pool: (parts) => {
    const n = parts.reduce((count, part) => count + size(part, 'example'), 0)
    const z0 = maximum(div(total(parts.map((part): Tensor => sum(part, 'example'))), n), 0)
    return parts.map(() => z0)
  },
  hold: stopGradient,
  rewards: (policy, reference, beta) => of(mul(sub(policy, reference), beta)),
  elsewhere: ({ elsewhere }) => elsewhere!,
  value: sigmoid,
  sign: (label) => of(sub(mul(positive(label), 2), 1)),
  weight: (label, desirable, undesirable) => of(where(positive(label), desirable, undesirable)),
  magnitude: (label) => of(maximum(label, mul(label, -1))),
  average: (losses) => mean(losses, 'example'),
  pair: (z) => of(mul(logSigmoid(z), -1)),
  beta: (beta) => beta,
  completion: (row, mask) => row.reduce((all, x, t) => all + x * mask[t]!, 0),
  answer: (reply) => reply,
}

/** An implementation of the loss that a question names, with these choices. */
export const implementation =
  (choices: Partial<Choices>): Implementation =>
  async (questions) => {
    const answers: ConformReply[] = []
    for (const question of questions) answers.push(await answer({ ...right, ...choices }, question))
    return answers
  }

const backend = reference()
const answer = async (choices: Choices, question: ConformQuestion): Promise<ConformReply> => {
  const columns = columnsOf(choices, question)
  const policies = Object.fromEntries(Object.entries(columns).filter(([name]) => name.startsWith('policy_')))
  const run = (p: Columns) =>
    question.loss === 'kto' ? kto(choices, question, { ...columns, ...p }) : pairs(choices, question, { ...columns, ...p })
  const { loss, losses, rewards } = run(policies)
  const numbers = async <A extends string>(x: Tensor<A>): Promise<readonly number[]> => [...(await read(backend, x))]
  const gradients = grad((p: Columns) => run(p).loss)(policies)
  const grads: Record<string, Reply['grads'][string]> = {}
  for (const [name, x] of Object.entries(gradients)) {
    const [found, masks] = [await numbers(x), question.masks?.[name]]
    grads[name] = masks === undefined ? found : masks.map((row, i) => row.map((inside) => inside * found[i]!))
  }
  const judged =
    'chosen' in rewards
      ? { chosen: await numbers(rewards.chosen), rejected: await numbers(rewards.rejected) }
      : await numbers(rewards.outcome)
  const reply: Reply = {
    loss: (await numbers(loss))[0]!,
    losses: await numbers(losses),
    rewards: judged,
    grads,
    parts: question.parts?.length ?? 1,
  }
  return choices.answer(reply, question)
}
const columnsOf = ({ completion }: Choices, { inputs, masks = {} }: ConformQuestion): Columns =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, column]) => {
      const numbers = column.map((x, i) => (typeof x === 'number' ? x : completion(x, masks[name]![i]!)))
      return [name, tensor({ example: numbers.length }, numbers)]
    }),
  )

interface Found {
  readonly loss: Tensor
  readonly losses: Column
  readonly rewards: { readonly outcome: Column } | { readonly chosen: Column; readonly rejected: Column }
}
const kto = (c: Choices, { settings, parts }: ConformQuestion, x: Columns): Found => {
  const beta = c.beta(settings.beta!)
  const outcome = c.rewards(x.policy_logps!, x.ref_logps!, beta)
  const rewards = c.elsewhere({ outcome, elsewhere: c.rewards(x.policy_KL_logps!, x.ref_KL_logps!, beta) })
  const labels = x.labels!
  const sizes = parts ?? [size(labels, 'example')]
  const cut = (y: Column): readonly Column[] =>
    sizes.map((n, i) =>
      slice(
        y,
        'example',
        sizes.slice(0, i).reduce((a, b) => a + b, 0),
        n,
      ),
    )
  const z0 = c.pool(cut(rewards)).map(c.hold)
  const label = cut(labels)
  const losses = cut(outcome).map((r, i): Column => {
    const z = of(mul(c.sign(label[i]!), sub(r, z0[i]!)))
    const weight = c.weight(label[i]!, settings.desirable!, settings.undesirable!)
    return of(mul(mul(weight, c.magnitude(label[i]!)), sub(1, c.value(z))))
  })
  const loss = losses.map((l, i) => mul(c.average(l, label[i]!), sizes[i]! / size(labels, 'example')))
  return { loss: total(loss), losses: losses[0]!, rewards: { outcome } }
}
const pairs = (c: Choices, { settings, loss: name }: ConformQuestion, x: Columns): Found => {
  const beta = c.beta(settings.beta!)
  const scale = name === 'ipo-sum' ? 1 : beta
  const [chosen, rejected] = [
    c.rewards(x.policy_chosen_logps!, x.ref_chosen_logps!, scale),
    c.rewards(x.policy_rejected_logps!, x.ref_rejected_logps!, scale),
  ]
  const losses = c.pair(of(sub(chosen, rejected)), chosen, rejected, beta)
  return { loss: c.average(losses, of(mul(chosen, 0))), losses, rewards: { chosen, rejected } }
}
export const hinge: Partial<Choices> = { pair: (z) => of(relu(sub(1, z))) }
export const ipo: Partial<Choices> = {
  pair: (z, _, __, beta) => {
    const d = of(sub(z, 1 / (2 * beta)))
    return of(mul(d, d))
  },
}
/** σ as it is written first: ∞/∞ far out. */
export const naive = (z: Column): Column => of(div(exp(z), add(1, exp(z))))
export const logOfNaive = (z: Column): Column => of(log(div(1, add(1, exp(mul(z, -1))))))
