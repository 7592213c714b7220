/**
 * Training on WebGPU is training on WebAssembly, within the rounding of float32: losses and parameters of some steps of three families, and of a
 * checkpoint that people have trained. On one device, a run from kept state goes on to the same bits.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { wasm } from '../../backends/wasm/index.ts'
import { webgpu } from '../../backends/webgpu/index.ts'
import {
  type Backend,
  compileStep,
  evaluate,
  leaves,
  mapTree,
  mul,
  read,
  sub,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
  zipTree,
} from '../../core/index.ts'
import { initialize, loadModel, type Parameters, type Transformer, transformer } from '../../models/index.ts'
import { smallFamilies } from '../models/families.ts'
import { tokens } from '../models/tiny.ts'
import { shared, whenShared } from '../shared.ts'
import { noAdapter } from './opened.ts'

let opened: Promise<Backend> | undefined
const gpu = (): Promise<Backend> => {
  opened ??= webgpu()
  return opened
}
after(async () => (await opened)?.close?.())

/** Losses and parameters of some steps of gradient descent on one text. */
const descend = async (backend: Backend, model: Transformer, from: Parameters, text: readonly number[], steps: number) => {
  const sequences = {
    tokens: tokens([text]),
    targets: tokens([[...text.slice(1), 0]]),
    mask: tokens([text.map((_, t) => Number(t < text.length - 1))]),
  }
  const loss = (p: Parameters): Tensor => {
    const likelihood: Tensor = sum(model.logProbabilities(p, sequences), 'batch')
    return mul(likelihood, -1 / text.length)
  }
  const step = compileStep(backend, (p: Parameters) => {
    const [value, gradient] = valueAndGrad(loss)(p)
    return [zipTree(p, [gradient], (x, g) => sub(x!, mul(g!, 0.05))), value] as const
  })
  let state = await evaluate(
    backend,
    mapTree(from, (x) => x),
  )
  const losses: number[] = []
  for (let i = 0; i < steps; i++) {
    const [next, value] = await step(state)
    losses.push((await read(backend, value))[0]!)
    state = next
  }
  const parameters: (Float32Array | Float64Array)[] = []
  for (const x of leaves(state)) parameters.push(await read(backend, x))
  return { losses, parameters }
}

const close = (got: ArrayLike<number>, want: ArrayLike<number>, tolerance: number, what: string): void => {
  const scale = Array.from(want).reduce((most, x) => Math.max(most, Math.abs(x)), 1e-3)
  for (let i = 0; i < want.length; i++)
    assert.ok(Math.abs(got[i]! - want[i]!) <= tolerance * scale, `${what}[${i}] is ${got[i]}, not ${want[i]}`)
}
const compare = async (model: Transformer, from: Parameters, text: readonly number[]): Promise<void> => {
  const cpu = await wasm({ threads: 1 })
  const want = await descend(cpu, model, from, text, 2)
  await cpu.close?.()
  const got = await descend(await gpu(), model, from, text, 2)
  close(got.losses, want.losses, 2e-5, 'loss')
  for (const [i, x] of want.parameters.entries()) close(got.parameters[i]!, x, 2e-4, `parameter ${i}`)
}

const text = [1, 5, 3, 9, 2, 7, 0, 11, 4, 4, 8, 6, 12, 22, 3, 1, 17, 9]
for (const name of ['llama', 'gpt2', 'gemma2']) {
  const config = smallFamilies.find(([family]) => family === name)?.[1]
  test(`${name}: two steps on WebGPU are two steps on WebAssembly`, { skip: noAdapter }, async () => {
    assert.ok(config !== undefined)
    await compare(transformer(config), initialize(config, 7, 0.3), text)
  })
}

const stories = 'models/stories260K-hf'
test('stories260K: two steps on WebGPU are two steps on WebAssembly', { skip: noAdapter || whenShared(stories).skip }, async () => {
  const { model, parameters, tokenizer } = await loadModel(shared(stories)!)
  await compare(
    model,
    parameters,
    tokenizer.encode('Once upon a time, there was a little girl named Lily. She loved to play outside in the park.'),
  )
})

test('a run goes on from kept state to the same bits', { skip: noAdapter }, async () => {
  const config = smallFamilies.find(([family]) => family === 'llama')![1]
  const [model, start] = [transformer(config), initialize(config, 7, 0.3)]
  const whole = await descend(await gpu(), model, start, text, 4)
  const first = await descend(await gpu(), model, start, text, 2)
  const kept = leaves(start).map((x, i) => tensor(x.shape, first.parameters[i]!))
  let next = 0
  const rest = await descend(
    await gpu(),
    model,
    mapTree(start, () => kept[next++]!),
    text,
    2,
  )
  assert.deepEqual([...first.losses, ...rest.losses], whole.losses)
  assert.deepEqual(rest.parameters, whole.parameters)
})
