/** Adapters train beside weights that are kept in bf16 or int8: the same numbers on every backend; of a bf16 model the very numbers of float32. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reference } from '../../backends/reference/index.ts'
import { wasm } from '../../backends/wasm/index.ts'
import {
  type Backend,
  compile,
  dispose,
  evaluate,
  leaves,
  mapTree,
  read,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
  volume,
} from '../../core/index.ts'
import { half, plain } from '../../core/internal.ts'
import {
  type Adapters,
  adapted,
  type FrozenFormat,
  initialize,
  initializeAdapters,
  keepFrozen,
  type ModelConfig,
} from '../../models/index.ts'
import { encode } from '../../models/io/dtypes.ts'
import { tokens } from './tiny.ts'

const config: ModelConfig = {
  ...{ family: 'llama', vocab: 96, context: 16, embed: 64, layers: 2, heads: 4, keyValueHeads: 2, headSize: 16 },
  ...{ hidden: 96, activation: 'silu', normEpsilon: 1e-5, ropeTheta: 10000, rotation: 'half', tied: true },
}
const options = { rank: 4, alpha: 8, targets: ['q_proj', 'v_proj', 'down_proj'] }
/** As a checkpoint in bf16 gives them. */
const parameters = mapTree(initialize(config, 3, 0.1), ({ op, shape }) => {
  const bytes = encode(Float32Array.from(op.tag === 'data' ? plain(op.values) : []), 'BF16') // `initialize` makes arrays
  return tensor(shape, half('bf16', new Uint16Array(bytes.buffer)))
})
const adapters = mapTree(initializeAdapters(config, options, 5), ({ shape }, i) =>
  tensor(
    shape,
    Float32Array.from({ length: volume(shape) }, (_, k) => Math.sin(i + k) / 20),
  ),
)
const sequences = {
  tokens: tokens([
    [1, 5, 3, 9, 2, 7],
    [4, 4, 8, 90, 11, 2],
  ]),
  targets: tokens([
    [5, 3, 9, 2, 7, 6],
    [4, 8, 90, 11, 2, 95],
  ]),
}
const mask = tensor({ batch: 2, seq: 6 }, new Float32Array(12).fill(1))

/** log π of both texts, and all its slopes. */
const found = async (backend: Backend, format?: FrozenFormat): Promise<readonly number[]> => {
  const base = format === undefined ? await evaluate(backend, parameters) : await keepFrozen(backend, config, parameters, format)
  const model = adapted(config, base, options)
  const graded = compile(backend, (a: Adapters) =>
    valueAndGrad((p: Adapters): Tensor => sum(model.logProbabilities(p, { ...sequences, mask }), 'batch'))(a),
  )
  const made = await graded(adapters)
  const values: number[] = []
  for (const x of leaves(made)) values.push(...(await read(backend, x as Tensor<string>)))
  dispose(backend, made)
  return values
}
const far = (x: readonly number[], y: readonly number[]): number =>
  Math.max(...x.map((a, i) => Math.abs(a - y[i]!))) / Math.max(...y.map(Math.abs))

test('bf16 weights of a bf16 model are the weights: nothing is lost', async () => {
  const [narrow, wide] = [await found(reference(), 'bf16'), await found(reference())]
  assert.ok(far(narrow, wide) < 1e-12)
})

test('int8 weights are close, and not the same', async () => {
  const off = far(await found(reference(), 'int8'), await found(reference()))
  assert.ok(off > 1e-5 && off < 0.05, `${off}`)
})

for (const format of ['bf16', 'int8'] as const)
  test(`${format}: WebAssembly agrees with the float64 interpreter`, async () => {
    const backend = await wasm({ threads: 2 })
    const off = far(await found(backend, format), await found(reference(), format))
    await backend.close?.()
    assert.ok(off < 1e-5, `${off}`)
  })
