/**
 * jax-js as a contestant: `jaxjs.ts DIRECTORY THREADS DEVICE` trains the problem there, the whole step in one `jit`, on its WebAssembly or WebGPU
 * backend.
 * Arrays are consumed by what uses them, unless it is given their `.ref`.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Array as JaxArray } from '@jax-js/jax'
import { readWeights } from '../../../models/index.ts'
import { type Configuration, hyper } from '../configurations.ts'
import { pretendToBeABrowser, pretendToHaveAGpu } from './browser.ts'
import { serve } from './serve.ts'

const [directory, count, device = 'wasm'] = process.argv.slice(2)
if (directory === undefined || (device !== 'wasm' && device !== 'webgpu'))
  throw new TypeError('usage: jaxjs.ts DIRECTORY THREADS wasm|webgpu')
const threads = Number(count)
pretendToBeABrowser(threads)
if (device === 'webgpu') await pretendToHaveAGpu()
const { defaultDevice, init, jit, nn, numpy: np, tree, valueAndGrad } = await import('@jax-js/jax') // now that there is a browser
await init(device)
defaultDevice(device)

type JaxArrays = Record<string, JaxArray>
const { configuration } = JSON.parse(await readFile(join(directory, 'problem.json'), 'utf8')) as { configuration: Configuration } // our own file
const { batch, model } = configuration
const { context, embed, heads, vocab } = model
const rows = batch * context

const weights = [...(await readWeights(directory)).values()].map(({ name, shape, data }) => ({ name, shape: [...shape], data }))
let parameters: JaxArrays = Object.fromEntries(weights.map(({ name, shape, data }) => [name, np.array(data, { shape })]))
const zeros = (): JaxArrays => Object.fromEntries(weights.map(({ name, shape }) => [name, np.zeros(shape)]))
let [first, second] = [zeros(), zeros()]

const loss = (p: JaxArrays, tokens: JaxArray, targets: JaxArray): JaxArray => {
  const get = (name: string): JaxArray => p[`transformer.${name}`]!
  const norm = (name: string, x: JaxArray) =>
    nn
      .standardize(x, -1, { epsilon: model.normEpsilon })
      .mul(get(`${name}.weight`))
      .add(get(`${name}.bias`))
  const linear = (name: string, x: JaxArray) => np.matmul(x, get(`${name}.weight`)).add(get(`${name}.bias`))
  const attention = (name: string, x: JaxArray): JaxArray => {
    const qkv = linear(`${name}.c_attn`, x).reshape([batch, context, 3, heads, embed / heads])
    const [q, k, v] = [qkv.ref.slice([], [], 0), qkv.ref.slice([], [], 1), qkv.slice([], [], 2)]
    return linear(`${name}.c_proj`, nn.dotProductAttention(q, k, v, { isCausal: true }).reshape([rows, embed]))
  }
  // The gradient of a gather cannot be jitted in 0.1.25: a product with one-hot rows instead.
  let x = np
    .matmul(nn.oneHot(tokens, vocab), get('wte.weight').ref)
    .reshape([batch, context, embed])
    .add(get('wpe.weight'))
    .reshape([rows, embed])
  for (let layer = 0; layer < model.layers; layer++) {
    const h = `h.${layer}`
    x = x.ref.add(attention(`${h}.attn`, norm(`${h}.ln_1`, x)))
    x = x.ref.add(linear(`${h}.mlp.c_proj`, nn.gelu(linear(`${h}.mlp.c_fc`, norm(`${h}.ln_2`, x)), { approximate: false })))
  }
  const logits = np.matmul(norm('ln_f', x), get('wte.weight').transpose())
  return nn
    .logSoftmax(logits)
    .mul(nn.oneHot(targets, vocab))
    .sum()
    .mul(-1 / rows)
}

const lossAndGradient = valueAndGrad(loss)
const step = jit(
  (p: JaxArrays, m: JaxArrays, v: JaxArrays, tokens: JaxArray, targets: JaxArray, unbiased1: JaxArray, unbiased2: JaxArray) => {
    const [value, gradient] = lossAndGradient(tree.ref(p), tokens, targets)
    const [parameters, first, second]: [JaxArrays, JaxArrays, JaxArrays] = [{}, {}, {}]
    for (const { name, shape } of weights) {
      const g = gradient[name]!
      const mean = m[name]!.mul(hyper.beta1).add(g.ref.mul(1 - hyper.beta1))
      const variance = v[name]!.mul(hyper.beta2).add(np.square(g).mul(1 - hyper.beta2))
      const direction = mean.ref.div(unbiased1.ref).div(np.sqrt(variance.ref.div(unbiased2.ref)).add(hyper.epsilon))
      const decay = shape.length > 1 ? hyper.weightDecay : 0
      parameters[name] = p[name]!.mul(1 - hyper.rate * decay).sub(direction.mul(hyper.rate))
      first[name] = mean
      second[name] = variance
    }
    unbiased1.dispose()
    unbiased2.dispose()
    return [parameters, first, second, value] as [JaxArrays, JaxArrays, JaxArrays, JaxArray]
  },
)

const text = new Int32Array(Uint8Array.from(await readFile(join(directory, 'tokens.i32'))).buffer)
const line = context + 1
const batches = Array.from({ length: text.length / (batch * line) }, (_, i) => {
  const shifted = (by: number) =>
    Int32Array.from({ length: rows }, (_, j) => text[i * batch * line + Math.floor(j / context) * line + (j % context) + by]!)
  return { tokens: shifted(0), targets: shifted(1) }
})

const fused = WebAssembly.validate(
  Uint8Array.of(
    0,
    97,
    115,
    109,
    1,
    0,
    0,
    0,
    1,
    8,
    1,
    96,
    3,
    123,
    123,
    123,
    1,
    123,
    3,
    2,
    1,
    0,
    10,
    13,
    1,
    11,
    0,
    32,
    0,
    32,
    1,
    32,
    2,
    253,
    133,
    2,
    11,
  ),
)
let t = 0
await serve(
  { name: 'jax-js 0.1.25', mode: device === 'webgpu' ? 'webgpu' : `wasm${fused ? ' with fused multiply-add' : ''}, ${threads} threads` },
  async () => {
    const { tokens, targets } = batches[t++ % batches.length]!
    const unbiased = (beta: number) => np.array(1 - beta ** t)
    const results = step(parameters, first, second, np.array(tokens), np.array(targets), unbiased(hyper.beta1), unbiased(hyper.beta2))
    const value = results[3]
    ;[parameters, first, second] = results
    return threads === 1 && device === 'wasm' ? value.item() : (await value.data())[0]!
  },
)
process.exit(0)
