/** The logits of a model, the loss of its next tokens, and that loss's gradient, printed. */
import { type Backend, compile, evaluate, mul, read, sum, type Tensor, tensor, valueAndGrad } from '../../core/index.ts'
import type { Parameters, Transformer } from '../../models/index.ts'
import { byTensor } from '../../models/internal.ts'
import { openBackend } from '../inputs/backends.ts'
import { loadNetwork } from '../inputs/checkpoint.ts'
import { UsageError } from '../terminal/errors.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { LogitsOptions } from './commands/logits.ts'

type TokenRows = readonly (readonly number[])[]

/** @throws UsageError, FileError, ConfigError, CheckpointError */
export const printLogits = async (terminal: Terminal, options: LogitsOptions): Promise<void> => {
  const { model, parameters, nameOf } = await loadNetwork(options.model, terminal.say)
  const rows = parseTokens(options.tokens, model.config)
  const { backend } = await openBackend(options, terminal.say)
  try {
    const resident = await evaluate(backend, parameters)
    const logits = await logitsOf(backend, model, resident, rows)
    const { loss, gradient } = await lossOf(backend, model, resident, rows, options.gradient && nameOf)
    if (options.json) terminal.print(`${JSON.stringify({ logits, ...(loss !== undefined && { loss }), ...(gradient && { gradient }) })}\n`)
    else terminal.print(table(rows, logits, loss, gradient))
  } finally {
    await backend.close?.()
  }
}

const parseTokens = (text: string, { vocab, context }: Transformer['config']): TokenRows => {
  const wrong = (found: string) =>
    new UsageError(
      `--tokens: expected texts of one length, such as [[1,2,3],[4,5,6]], of 1 to ${context} ids below ${vocab}; found ${found}`,
    )
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw wrong(text.slice(0, 60))
  }
  const rows: readonly unknown[] =
    Array.isArray(json) && json.length > 0 && !Array.isArray(json[0]) ? [json] : Array.isArray(json) ? json : []
  const isToken = (id: unknown): id is number => typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < vocab
  const checked = rows.map((row): readonly number[] => {
    if (!Array.isArray(row) || row.length === 0 || row.length > context || !row.every(isToken))
      throw wrong(JSON.stringify(row).slice(0, 60))
    return row
  })
  if (checked.length === 0) throw wrong(text.slice(0, 60))
  if (checked.some(({ length }) => length !== checked[0]!.length)) throw wrong('several lengths; ask for them one by one')
  return checked
}

const columns = (rows: TokenRows): Tensor<'batch' | 'seq'> => tensor({ batch: rows.length, seq: rows[0]!.length }, rows.flat())

const logitsOf = async (backend: Backend, model: Transformer, parameters: Parameters, rows: TokenRows): Promise<readonly TokenRows[]> => {
  const [values, seq] = [
    await read(backend, await compile(backend, model.logits)(parameters, columns(rows)), 'batch', 'seq', 'vocab'),
    rows[0]!.length,
  ]
  const vocab = values.length / rows.length / seq
  return rows.map((row, r) => row.map((_, t) => [...values.subarray((r * seq + t) * vocab, (r * seq + t + 1) * vocab)]))
}

interface Slope {
  readonly shape: readonly number[]
  readonly first12: readonly number[]
  readonly sum: number
  readonly sum_abs: number
}
/** The mean of −log p of every token but the first of each text; nothing where there are none. */
const lossOf = async (
  backend: Backend,
  model: Transformer,
  parameters: Parameters,
  rows: TokenRows,
  nameOf: ((tensor: string) => string) | undefined,
) => {
  const predicted = rows.length * (rows[0]!.length - 1)
  if (predicted === 0) return {}
  const sequences = {
    tokens: columns(rows),
    targets: columns(rows.map((row) => [...row.slice(1), 0])),
    mask: columns(rows.map((row) => row.map((_, t) => Number(t < row.length - 1)))),
  }
  const loss = (p: Parameters): Tensor => mul(sum(model.logProbabilities(p, sequences), 'batch'), -1 / predicted)
  if (nameOf === undefined) return { loss: (await read(backend, await compile(backend, loss)(parameters)))[0]! }
  const [value, gradient] = await compile(backend, (p: Parameters) => valueAndGrad(loss)(p))(parameters)
  const slopes = (await byTensor(backend, model.config, gradient)).map(({ name, shape, data }): readonly [string, Slope] => [
    nameOf(name),
    { shape, first12: [...data.subarray(0, 12)], sum: data.reduce((a, b) => a + b, 0), sum_abs: data.reduce((a, b) => a + Math.abs(b), 0) },
  ])
  return { loss: (await read(backend, value))[0]!, gradient: Object.fromEntries(slopes) }
}

const table = (rows: TokenRows, logits: readonly TokenRows[], loss?: number, gradient?: Readonly<Record<string, Slope>>): string => {
  const likeliest = (scores: readonly number[]): string =>
    scores
      .map((score, id) => ({ score, id }))
      .sort((a, b) => b.score - a.score)
      .slice(0, 5)
      .map(({ score, id }) => `${id}: ${score.toPrecision(6)}`)
      .join('   ')
  const positions = rows.flatMap((row, r) => row.map((id, t) => `text ${r}, position ${t}, token ${id}   →   ${likeliest(logits[r]![t]!)}`))
  const slopes = Object.entries(gradient ?? {}).map(
    ([name, { sum: total, sum_abs: magnitude }]) => `${name}   sum ${total.toPrecision(9)}   magnitudes ${magnitude.toPrecision(9)}`,
  )
  return `${[...positions, ...(loss === undefined ? [] : [`loss ${loss.toPrecision(9)} nats a token`]), ...slopes].join('\n')}\n`
}
