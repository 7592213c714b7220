/**
 * Expressions as statements of Python, node by node: each node is one line of PyTorch, or part of one where it is used once and short.
 *
 *     rewards = 0.1 * (outcome.policy - outcome.reference)
 *     losses = 1 - torch.sigmoid(relativeReward)
 *
 * The graph is given twice, traced at two numbers of examples: sizes are printed as multiples of n (extent.ts).
 */
import { type AnyTensor, axesOf } from '../../core/index.ts'
import { asTensor, atom, type TorchCode, torchPrimitives } from './code.ts'
import { translated } from './nodes.ts'
import { TorchError } from './torch-error.ts'

/** A result, at both sizes. The name becomes a variable. */
export interface NamedPair {
  readonly name: string
  readonly at: readonly [first: AnyTensor, second: AnyTensor]
}
export interface PrintedGraph {
  readonly lines: readonly string[]
  /** The expression that each name stands for: the variable, or something as short. */
  readonly results: Readonly<Record<string, string>>
}

/** Characters that a right-hand side may have; with a name and an indent before it, `black` leaves the line alone. */
const width = 64

/**
 * The statements that compute the outputs. `like` is a tensor with one number an example.
 * @throws TorchError for what no line of PyTorch is known for
 */
export const printGraph = (loss: string, outputs: readonly NamedPair[], like: string): PrintedGraph => {
  const twins = pairUp(
    loss,
    outputs.map(({ at }) => at),
  )
  const order = [...new Set([...twins.keys()].flatMap((x) => axesOf(x)))]
  const context = { S: torchPrimitives(order), twins, loss, like }
  const translate = (x: AnyTensor) => translated(context, x)
  const uses = countUses(outputs, (x) => translate(x).from)
  const names = new Map<AnyTensor, string>()
  for (const { name, at } of outputs) if (!names.has(at[0])) names.set(at[0], name)
  const [lines, made] = [[] as string[], new Map<AnyTensor, TorchCode>()]
  let unnamed = 0
  const bind = (code: TorchCode, name = `x${++unnamed}`): TorchCode => {
    lines.push(`${name} = ${code.text}`)
    return { ...atom(name, code.axes), kind: code.kind }
  }
  /** The longest parts become variables of their own until the whole is short enough. */
  const fit = (parts: readonly TorchCode[], compose: (parts: readonly TorchCode[]) => TorchCode): TorchCode => {
    const whole = compose(parts)
    const compound = parts.filter(({ text }) => /[ (]/.test(text)).sort((a, b) => b.text.length - a.text.length)[0]
    if (whole.text.length <= width || compound === undefined) return whole
    const bound = bind(compound)
    return fit(
      parts.map((part) => (part === compound ? bound : part)),
      compose,
    )
  }
  const code = (x: AnyTensor): TorchCode => {
    const known = made.get(x)
    if (known !== undefined) return known
    const { from, compose } = translate(x)
    const plain = fit(from.map(code), compose)
    const name = names.get(x)
    const simple = plain.constant !== undefined || plain.kind === 'number' || /^-?[\w.]+$/.test(plain.text)
    const result = !simple && (name !== undefined || uses.get(x)! > 1) ? bind(plain, name) : plain
    made.set(x, result)
    return result
  }
  const results = outputs.map(({ name, at: [x] }) => [name, asTensor(code(x), like)] as const)
  return { lines, results: Object.fromEntries(results) }
}

/** Every node of the first trace with its counterpart in the second. */
const pairUp = (loss: string, roots: readonly (readonly [AnyTensor, AnyTensor])[]): ReadonlyMap<AnyTensor, AnyTensor> => {
  const twins = new Map<AnyTensor, AnyTensor>()
  const visit = (x: AnyTensor, y: AnyTensor): void => {
    if (twins.has(x)) return
    if (x.op.tag !== y.op.tag || x.from.length !== y.from.length)
      throw new TorchError(
        loss,
        'the same operations whatever the number of examples',
        `'${x.op.tag}' for ${x.from.length}, '${y.op.tag}' for more`,
      )
    twins.set(x, y)
    x.from.forEach((part, i) => {
      visit(part, y.from[i]!)
    })
  }
  for (const [x, y] of roots) visit(x, y)
  return twins
}

/** How often each node is read. */
const countUses = (outputs: readonly NamedPair[], parts: (x: AnyTensor) => readonly AnyTensor[]): ReadonlyMap<AnyTensor, number> => {
  const uses = new Map<AnyTensor, number>()
  const visit = (x: AnyTensor): void => {
    const before = uses.get(x) ?? 0
    uses.set(x, before + 1)
    if (before === 0) for (const part of parts(x)) visit(part)
  }
  for (const { at } of outputs) visit(at[0])
  return uses
}
