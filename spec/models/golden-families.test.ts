/**
 * Every family against an independent implementation in float64: tiny random checkpoints with their logits, loss and gradients. What that
 * implementation refuses, and why, is refused here, too.
 */
import { deepEqual, ok, throws } from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { reference, wasm } from '../../backends/index.ts'
import { type Backend, compile, mul, read, sum, type Tensor, tensor, valueAndGrad } from '../../core/index.ts'
import {
  ConfigError,
  formatConfig,
  fromWeights,
  initialize,
  type Parameters,
  parseConfig,
  parseSafetensors,
  readWeights,
  toWeights,
  transformer,
  weightFiles,
} from '../../models/index.ts'
import { byTensor, nameIn, parseJson } from '../../models/internal.ts'
import { shared, whenShared } from '../shared.ts'

interface Slope {
  readonly first12: readonly number[]
  readonly sum: number
  readonly sum_abs: number
  readonly largest_at: number
  readonly largest: number
}
interface Golden {
  readonly refuse?: true
  readonly ignored_tensors: readonly string[]
  readonly tokens: readonly (readonly number[])[]
  readonly logits_seq0: readonly (readonly number[])[]
  readonly logits_seq1_last3: readonly (readonly number[])[]
  readonly loss: number
  readonly gradients: Readonly<Record<string, Slope>>
}
/** What a number may differ by: of the largest logit; absolutely; of a tensor's mean magnitude, and absolutely; of its sum of magnitudes, and an entry. */
interface Tolerance {
  readonly logits: number
  readonly loss: number
  readonly entry: readonly [number, number]
  readonly sum: readonly [number, number]
}

const compiled = await wasm({ threads: 1 })
after(() => compiled.close?.())
const precisions: readonly (readonly [Backend, Tolerance])[] = [
  [reference(), { logits: 1e-9, loss: 1e-9, entry: [1e-7, 1e-12], sum: [1e-8, 1e-10] }],
  [compiled, { logits: 2e-5, loss: 1e-5, entry: [1e-4, 1e-7], sum: [1e-4, 1e-7] }],
]

const folder = shared('families')
const cases = folder === undefined ? [] : readdirSync(folder).filter((name) => existsSync(join(folder, name, 'golden.json')))
const json = (name: string, file: string) => parseJson(readFileSync(join(folder!, name, file), 'utf8'))

test('there are golden checkpoints', whenShared('families'), () => ok(cases.length > 30))

for (const name of cases) {
  const golden = json(name, 'golden.json') as Golden
  if (golden.refuse) {
    test(`${name} is refused`, () => throws(() => parseConfig(json(name, 'config.json'), 'config.json'), ConfigError))
    continue
  }
  const config = parseConfig(json(name, 'config.json'), `${name}/config.json`)
  const load = async () => {
    const weights = await readWeights(join(folder!, name))
    return { weights, parameters: fromWeights(config, weights, name) }
  }

  for (const [backend, tolerance] of precisions)
    test(`${name} on ${backend.name}: logits, loss and gradients`, async () => {
      const { weights, parameters } = await load()
      const model = transformer(config)
      const [batch, seq] = [golden.tokens.length, golden.tokens[0]!.length]
      const columns = (value: (row: readonly number[], t: number) => number): Tensor<'batch' | 'seq'> =>
        tensor(
          { batch, seq },
          golden.tokens.flatMap((row) => row.map((_, t) => value(row, t))),
        )
      const tokens = columns((row, t) => row[t]!)
      const found = await read(backend, await compile(backend, model.logits)(parameters, tokens), 'batch', 'seq', 'vocab')
      const { vocab } = config
      const scale = Math.max(...golden.logits_seq0.flat().map(Math.abs))
      const compare = (from: number, rows: Golden['logits_seq0']) =>
        rows.flat().forEach((x, i) => {
          ok(Math.abs(x - found[from * vocab + i]!) <= tolerance.logits * scale, `logit ${i} is ${found[from * vocab + i]}, expected ${x}`)
        })
      compare(0, golden.logits_seq0)
      compare(2 * seq - 3, golden.logits_seq1_last3)

      const sequences = { tokens, targets: columns((row, t) => row[t + 1] ?? 0), mask: columns((_, t) => Number(t < seq - 1)) }
      const loss = (p: Parameters): Tensor => mul(sum(model.logProbabilities(p, sequences), 'batch'), -1 / (batch * (seq - 1)))
      const [value, gradient] = await compile(backend, (p: Parameters) => valueAndGrad(loss)(p))(parameters)
      ok(Math.abs((await read(backend, value))[0]! - golden.loss) <= tolerance.loss, 'loss')
      const slopes = new Map((await byTensor(backend, config, gradient)).map((slope) => [nameIn(weights, slope.name), slope.data]))
      for (const [tensor, expected] of Object.entries(golden.gradients)) checkSlope(tensor, slopes.get(tensor)!, expected, tolerance)
    })

  test(`${name}: what is saved is what was loaded, to the bit, and so is its config.json`, async () => {
    const { weights, parameters } = await load()
    const written = await toWeights(precisions[0]![0], config, parameters)
    const files = weightFiles(written)
    const again = parseSafetensors(files['model.safetensors'] as Uint8Array, 'memory')
    for (const { name: tensor, shape, data } of again) {
      const before = weights.get(nameIn(weights, tensor))!
      deepEqual([shape, Array.from(data)], [before.shape, Array.from(before.data)], tensor)
    }
    const known = new Set(written.map((tensor) => nameIn(weights, tensor.name)))
    deepEqual(
      [...weights.keys()].filter((tensor) => !known.has(tensor)),
      [...weights.keys()].filter((tensor) => golden.ignored_tensors.includes(tensor)),
    )
    deepEqual(parseConfig(JSON.parse(JSON.stringify(formatConfig(config)))), config)
    deepEqual(Object.keys(initialize(config, 1)), Object.keys(parameters))
  })
}

const checkSlope = (name: string, found: Float64Array, expected: Slope, { entry, sum: whole }: Tolerance): void => {
  const near = (x: number, y: number, allowed: number, what: string) =>
    ok(Math.abs(x - y) <= allowed, `${name}: ${what} is ${x}, expected ${y} within ${allowed}`)
  const allowed = (entry[0] * expected.sum_abs) / found.length + entry[1]
  for (const [i, x] of expected.first12.entries()) near(found[i]!, x, allowed, `entry ${i}`)
  near(found[expected.largest_at]!, expected.largest, allowed + 1e-10 * Math.abs(expected.largest), 'the largest entry')
  const total = (f: (x: number) => number) => found.reduce((n, x) => n + f(x), 0)
  const more = whole[0] * expected.sum_abs + whole[1] * (whole[0] > 1e-6 ? found.length : 1)
  near(
    total((x) => x),
    expected.sum,
    more,
    'the sum',
  )
  near(total(Math.abs), expected.sum_abs, more, 'the sum of magnitudes')
}
