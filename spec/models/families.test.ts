/**
 * Every family: what it computes does not depend on the backend; its gradient is that of differences; one token at a time it says what it says of
 * the whole; and its files read back to the bit.
 */
import { deepEqual, ok } from 'node:assert/strict'
import test, { after } from 'node:test'
import { reference, wasm } from '../../backends/index.ts'
import { add, compile, grad, leaves, mapTree, mul, read, sum, type Tensor, tensor, volume } from '../../core/index.ts'
import { constant, normals } from '../../core/internal.ts'
import {
  adapted,
  formatConfig,
  fromWeights,
  initialize,
  initializeAdapters,
  merge,
  type Parameters,
  parseConfig,
  toWeights,
  transformer,
  usualTargets,
} from '../../models/index.ts'
import { architectureOf, families } from '../../models/internal.ts'
import { smallFamilies } from './families.ts'
import { close, flat, numbers, tokens } from './tiny.ts'

const [exact, compiled] = [reference(), await wasm({ threads: 1 })]
after(() => compiled.close?.())

/** Longer than every window here, and than the context before a scaling. */
const texts = [[1, 5, 3, 9, 2, 7, 0, 11, 4, 4, 8, 6, 12, 22, 3, 1, 17, 9]]
const [batch, seq] = [texts.length, texts[0]!.length]
const sequences = {
  tokens: tokens(texts),
  targets: tokens(texts.map((row) => [...row.slice(1), 0])),
  mask: tokens(texts.map((row) => row.map((_, t) => Number(t < seq - 1)))),
}
/** Gains and biases are not 1 and 0, so that what forgets them is found out. */
const randomized = (parameters: Parameters, seed: number): Parameters =>
  mapTree(parameters, (x, i) => {
    const noise = normals(seed, i, volume(x.shape)).map((z) => 0.1 * z)
    return add(x, tensor(x.shape, noise))
  })

test('every family has a small model here', () => {
  const here = new Set(smallFamilies.map(([, { family }]) => family))
  deepEqual(
    families.filter(({ key }) => !here.has(key)),
    [],
  )
})

for (const [name, config] of smallFamilies) {
  const parameters = randomized(initialize(config, 7, 0.3), 9)
  const model = transformer(config)
  const loss = (p: Parameters): Tensor => sum(model.logProbabilities(p, sequences), 'batch')

  test(`${name}: compiled to WebAssembly it is the same model, and has the same gradient`, async () => {
    const logits = await Promise.all(
      [exact, compiled].map(async (on) => [
        ...(await read(on, await compile(on, model.logits)(await plain(parameters), sequences.tokens), 'batch', 'seq', 'vocab')),
      ]),
    )
    const scale = Math.max(...logits[0]!.map(Math.abs))
    close(
      logits[1]!.map((x) => x / scale),
      logits[0]!.map((x) => x / scale),
      2e-5,
    )
    const gradients = await Promise.all(
      [exact, compiled].map(async (on) => compile(on, (p: Parameters) => grad(loss)(p))(await plain(parameters))),
    )
    const [a, b] = gradients.map((gradient) => leaves(gradient))
    for (const [i, expected] of a!.entries()) {
      const [x, y] = [await numbers(expected), await read(compiled, b![i] as Tensor<string>)]
      const size = x.reduce((n, z) => n + Math.abs(z), 0) / x.length
      for (const [k, z] of x.entries()) ok(Math.abs(z - y[k]!) <= 1e-3 * size + 1e-6, `parameter ${i}, entry ${k}: ${y[k]}, expected ${z}`)
    }
  })

  test(`${name}: along a random direction the loss changes as its gradient says`, async () => {
    const given = await plain(parameters)
    const direction = mapTree(given, (x, i) => tensor(x.shape, normals(3, i, volume(x.shape))))
    const at = (t: number): Parameters => {
      const steps = leaves(direction)
      return mapTree(given, (x, i) => add(x, mul(steps[i]!, t)))
    }
    const [gradient, steps] = [leaves(grad(loss)(given)), leaves(direction)]
    const along = gradient.reduce((total: Tensor, g, i) => {
      const products = mul(g, steps[i]!)
      return add(total, sum(products as Tensor<string>, ...Object.keys(products.shape))) as Tensor
    }, constant(0))
    const h = 1e-6
    const [[up], [down], [said]] = [await numbers(loss(at(h))), await numbers(loss(at(-h))), await numbers(along)]
    close([said!], [(up! - down!) / (2 * h)], 1e-5)
  })

  test(`${name}: token by token, with keys and values kept, it says what it says of the whole`, async () => {
    const given = await plain(parameters)
    const whole = await read(exact, model.logits(given, sequences.tokens), 'batch', 'seq', 'vocab')
    const row = (r: number, t: number) => [...whole.subarray((r * seq + t) * config.vocab, (r * seq + t + 1) * config.vocab)]
    const first = 4
    let [scores, cache] = model.begin(given, tokens(texts.map((text) => text.slice(0, first))), seq)
    for (let t = first - 1; t < seq; t++) {
      if (t >= first) {
        const latest = tensor(
          { batch },
          texts.map((text) => text[t]!),
        )
        ;[scores, cache] = model.advance(given, cache, latest, tensor({}, [t]))
      }
      const found = await read(exact, scores, 'batch', 'vocab')
      for (let r = 0; r < batch; r++) close([...found.subarray(r * config.vocab, (r + 1) * config.vocab)], row(r, t), 1e-9, `position ${t}`)
      cache = await plain(cache)
    }
  })

  test(`${name}: parameters → checkpoint → parameters, and its config.json, are the identity`, async () => {
    const written = await toWeights(exact, config, parameters)
    const again = fromWeights(config, new Map(written.map((tensor) => [tensor.name, tensor])))
    const twice = await toWeights(exact, config, again)
    deepEqual(twice, written)
    close(await flat(again.blocks), (await flat(await plain(parameters.blocks))).map(Math.fround), 0)
    deepEqual(parseConfig(JSON.parse(JSON.stringify(formatConfig(config)))), config)
    deepEqual(architectureOf(config).layers.length, config.layers)
  })

  test(`${name}: adapters of its usual modules begin as the model, and merge into it`, async () => {
    const options = { rank: 2, alpha: 4, targets: usualTargets(config) }
    const start = initializeAdapters(config, options, 1)
    const given = await plain(parameters)
    const tuned = mapTree(start, (x, i) =>
      tensor(
        x.shape,
        normals(5, i, volume(x.shape)).map((z) => z / 5),
      ),
    )
    const base = await numbers(model.logits(given, sequences.tokens))
    close(await numbers(adapted(config, given, options).logits(start, sequences.tokens)), base, 1e-12)
    const changed = await numbers(adapted(config, given, options).logits(tuned, sequences.tokens))
    ok(changed.some((x, i) => Math.abs(x - base[i]!) > 1e-3))
    close(await numbers(model.logits(merge(config, given, tuned, options), sequences.tokens)), changed, 1e-9)
  })
}

/** The same numbers as data. */
const plain = async <T>(tree: T): Promise<T> => {
  const values = await Promise.all(leaves(tree).map(async (x) => tensor(x.shape, await numbers(x))))
  return mapTree(tree, (_, i) => values[i]!)
}
