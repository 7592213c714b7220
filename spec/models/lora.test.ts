/** LoRA: the adapted model begins as the base model; its weights are W + (α/rank)·BA of the tensors that PEFT would read; only adapters are trained. */
import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import test from 'node:test'
import { evaluate, leaves, mapTree, type Tree, tensor, volume } from '../../core/index.ts'
import { getOrThrow, kto } from '../../halos/index.ts'
import {
  adamW,
  adapted,
  begin,
  ConfigError,
  constantRate,
  initializeAdapters,
  type LoraOptions,
  merge,
  type StoredTensor,
  type Transformer,
  toWeights,
  train,
  transformer,
} from '../../models/index.ts'
import { adaptersFromWeights, adaptersToWeights } from '../../models/internal.ts'
import { backend, close, flat, judged, numbers, tiny, tokens } from './tiny.ts'

const text = tokens([[1, 5, 3, 9, 2, 7]])
const targets: Readonly<Record<string, readonly string[]>> = {
  llama: ['q_proj', 'v_proj', 'o_proj', 'down_proj'],
  gpt2: ['c_attn', 'c_proj', 'c_fc'],
}

for (const { name, config, parameters } of tiny) {
  const options: LoraOptions = { rank: 2, alpha: 6, targets: targets[config.family]! }
  const model = adapted(config, parameters, options)
  const start = initializeAdapters(config, options, 1)
  /** As if trained: no number is 0. */
  const some = mapTree(start, (x) =>
    tensor(
      x.shape,
      Array.from({ length: volume(x.shape) }, (_, i) => Math.sin(i + 1) / 3),
    ),
  )

  test(`${name}: an adapted model begins as its base, and is the model of the merged weights`, async () => {
    const base = await numbers(transformer(config).logits(parameters, text))
    close(await numbers(model.logits(start, text)), base, 0)
    const changed = await numbers(model.logits(some, text))
    ok(changed.some((x, i) => Math.abs(x - base[i]!) > 0.1))
    close(await numbers(transformer(config).logits(merge(config, parameters, some, options), text)), changed, 1e-12)
  })

  test(`${name}: merged weights are W + (α/rank)·BA of PEFT's tensors`, async () => {
    const named = (tensors: readonly StoredTensor[]) => new Map(tensors.map((t) => [t.name, t]))
    const before = named(await toWeights(backend, config, parameters))
    const after = named(await toWeights(backend, config, merge(config, parameters, some, options)))
    const peft = named(await adaptersToWeights(backend, config, options, some))
    let adaptedModules = 0
    for (const [key, { shape, data }] of before) {
      const module = `base_model.model.${key.replace(/\.weight$/, '')}`
      const [A, B] = [peft.get(`${module}.lora_A.weight`), peft.get(`${module}.lora_B.weight`)]
      if (A === undefined || B === undefined) {
        deepEqual(after.get(key)!.data, data)
        continue
      }
      adaptedModules++
      const [inputs, outputs] = config.family === 'llama' ? [shape[1]!, shape[0]!] : [shape[0]!, shape[1]!]
      deepEqual(
        [A.shape, B.shape],
        [
          [2, inputs],
          [outputs, 2],
        ],
      )
      const expected = data.map((w, i) => {
        const [input, output] = config.family === 'llama' ? [i % inputs, Math.floor(i / inputs)] : [Math.floor(i / outputs), i % outputs]
        return w + 3 * (B.data[2 * output]! * A.data[input]! + B.data[2 * output + 1]! * A.data[inputs + input]!)
      })
      close([...after.get(key)!.data], [...expected], 1e-6, key)
    }
    ok(adaptedModules === 4 * config.layers) // c_proj names two modules of a GPT-2 block
    const again = adaptersFromWeights(config, options, peft)
    close(await flat(again), await flat(some), 1e-7)
  })

  test(`${name}: KTO trains adapters; the base model is the reference`, async () => {
    const optimizer = adamW({ rate: constantRate(3e-2) })
    const found: number[] = []
    const loss = getOrThrow(kto())
    const state = await train(begin(optimizer, start), {
      ...{
        backend,
        model,
        loss,
        optimizer,
        examples: judged,
        batch: 8,
        steps: 12,
        onStep: ({ metrics }) => void found.push(metrics.loss!),
      },
    })
    close([found[0]!], [0.5], 1e-12)
    ok(found.at(-1)! < 0.49, found.join())
    deepEqual(Object.keys(state.parameters), Object.keys(start))
  })
}

test('targets that the model does not have, and ranks that are none, are refused', () => {
  const { config, parameters } = tiny[0]!
  throws(
    () => adapted(config, parameters, { rank: 2, alpha: 2, targets: ['c_attn'] }),
    (e) => e instanceof ConfigError && /q_proj, k_proj/.test(e.message),
  )
  throws(() => adapted(config, parameters, { rank: 0.5, alpha: 2, targets: ['q_proj'] }), ConfigError)
  throws(() => initializeAdapters(config, { rank: 2, alpha: 2, targets: [] }, 1), ConfigError)
})

test('the base model is on the backend once: the reference model has no copy of its own', async () => {
  const { config, parameters } = tiny[0]!
  const options: LoraOptions = { rank: 2, alpha: 4, targets: ['q_proj', 'v_proj'] }
  const optimizer = adamW({ rate: constantRate(1e-2) })
  /** Arrays that training keeps alive, beside its state. */
  const besides = async <P extends Tree<P>>(model: Transformer<P>, start: P): Promise<number> => {
    const before = backend.live()
    let count = Number.NaN
    await train(begin(optimizer, start), {
      ...{ backend, model, loss: getOrThrow(kto()), optimizer, examples: judged, batch: 8, steps: 1 },
      onStep: (_, state) => {
        count = backend.live() - before - leaves(state).length
      },
    })
    return count
  }
  const base = await evaluate(backend, parameters)
  const adapters = initializeAdapters(config, options, 1)
  equal(await besides(adapted(config, base, options), adapters), leaves(adapters).length)
  equal(await besides(transformer(config), parameters), leaves(base).length)
})
