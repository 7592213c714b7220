/** Heads: what they read of a text, what they learn, and whom they do not disturb. */
import { deepEqual, ok, rejects } from 'node:assert/strict'
import test, { after } from 'node:test'
import { wasm } from '../../backends/index.ts'
import { type Backend, dot, grad, leaves, read, sum, type Tensor } from '../../core/index.ts'
import { getOrThrow } from '../../halos/index.ts'
import { bradleyTerry } from '../../halos/losses/bradley-terry.ts'
import { ppoValue } from '../../halos/losses/ppo-value.ts'
import {
  adamW,
  begin,
  ConfigError,
  constantRate,
  type Example,
  type Trainable,
  type TrainingExample,
  train,
  transformer,
} from '../../models/index.ts'
import { initializeHead, padTogether, rewardHead, rewarding, sequencesOf, valueHead, valuing } from '../../models/internal.ts'
import { close, flat, judged, numbers, pairs, backend as reference, tiny, tokens } from './tiny.ts'

const compiled = await wasm({ threads: 1 })
after(() => compiled.close?.())

const text = [1, 5, 3, 9, 2, 7]
/** The text, cut after `prompt` tokens, in a row of `seq`. */
const cut = (row: readonly number[], prompt: number, seq: number) => {
  const example: Example = { prompt: row.slice(0, prompt), completion: row.slice(prompt) }
  return sequencesOf(padTogether([[example]], { context: 16, bucket: seq })[0]!)
}

for (const { name, config, parameters } of tiny) {
  const model = transformer(config)
  const rewards = rewarding(model)
  const values = valuing(model)
  const both = { policy: parameters, head: initializeHead(config, rewardHead, 1) }
  const critic = { policy: parameters, head: initializeHead(config, valueHead, 1) }
  /** As if trained: no layer is 0. */
  const expert = { ...critic, head: { ...critic.head, last: { ...critic.head.last, weight: sum(critic.head.second.weight, 'hidden') } } }

  test(`${name}: logits are a linear function of the hidden states`, async () => {
    const output = parameters.output ?? parameters.token
    const read = await numbers(dot(model.hidden(parameters, tokens([text])), output, 'embed'))
    close(read, await numbers(model.logits(parameters, tokens([text]))), 1e-13)
  })

  test(`${name}: a reward is w · h of the last token, wherever the prompt ends and whatever is padded`, async () => {
    const state = [...(await numbers(model.hidden(parameters, tokens([text]))))].slice(-config.embed)
    const weight = await numbers(both.head.weight)
    const expected = state.reduce((total, x, i) => total + x * weight[i]!, 0)
    for (const [prompt, seq] of [
      [2, 6],
      [5, 6],
      [3, 13],
    ] as const)
      close(await numbers(rewards.score(both, cut(text, prompt, seq)).logProbability), [expected], 1e-12)
  })

  test(`${name}: a value head reads the prompt, and nothing of the completion`, async () => {
    const of = (row: readonly number[], prompt = 3) => numbers(values.score(expert, cut(row, prompt, 8)).value!)
    const value = await of(text)
    close(await of([...text.slice(0, 3), 4, 4]), value, 1e-13)
    ok(Math.abs((await of(text.with(2, 8)))[0]! - value[0]!) > 1e-6)
    deepEqual(await numbers(values.score(critic, cut(text, 3, 8)).value!), [0]) // expects nothing yet
  })

  test(`${name}: no gradient of the value reaches the policy; of the reward it does`, async () => {
    const row = cut(text, 3, 8)
    const slopes = async <P extends { readonly policy: unknown; readonly head: unknown }>(
      trainable: Trainable<P>,
      parameters: P,
      of: (scores: ReturnType<typeof trainable.score>) => Tensor<'batch'>,
    ) => {
      const gradient = grad((p: never) => sum(of(trainable.score(p, row)), 'batch'))(parameters as never) as P // a tree of tensors
      return { policy: await flat(gradient.policy), head: await flat(gradient.head) }
    }
    const value = await slopes(values, expert, ({ value }) => value!)
    ok(value.policy.every((x) => x === 0) && value.head.some((x) => x !== 0))
    const reward = await slopes(rewards, both, ({ logProbability }) => logProbability)
    ok(reward.policy.some((x) => Math.abs(x) > 1e-3))
  })

  test(`${name}: Bradley and Terry's loss trains a reward model, on both backends alike`, async () => {
    const optimizer = adamW({ rate: constantRate(1e-2) })
    const run = async (backend: typeof reference) => {
      const [found, accuracies]: [number[], number[]] = [[], []]
      const state = await train(begin(optimizer, both), {
        ...{ backend, model: rewards, loss: getOrThrow(bradleyTerry()), optimizer, examples: pairs, batch: 8, steps: 8 },
        onStep: ({ metrics }) => {
          found.push(metrics.loss!)
          accuracies.push(metrics['rewards/accuracies']!)
        },
      })
      deepEqual(leaves(state.parameters).length, leaves(both).length)
      return { found, accuracies }
    }
    const [exact, fast] = [await run(reference), await run(compiled)]
    ok(exact.found.at(-1)! < exact.found[0]! / 2 && exact.accuracies.at(-1) === 1, exact.found.join())
    close(fast.found, exact.found, 1e-4)
  })
}

test('offline PPO: advantages are what the value head did not expect; it learns from its own loss, the policy from PPO’s', async () => {
  const [{ config, parameters } = tiny[0]!] = tiny
  const model = valuing(transformer(config))
  // Prompts decide: those that end with 2 are answered well, those that end with 3 badly, the others sometimes.
  const examples: readonly TrainingExample[] = judged.map((example, i) => {
    const { outcome } = example as { readonly outcome: Example }
    return { outcome, label: outcome.prompt[1] === 2 || (outcome.prompt[1] !== 3 && i % 2 === 0) }
  })
  const optimizer = adamW({ rate: constantRate(1e-2) })
  const run = async (backend: Backend, steps: number, accumulate = 1) => {
    const found: number[] = []
    const state = await train(begin(optimizer, { policy: parameters, head: initializeHead(config, valueHead, 1) }), {
      ...{
        backend,
        model,
        loss: getOrThrow(ppoValue({ critic: 1, low: 0.2, high: 0.2 })),
        optimizer,
        examples,
        batch: 16,
        steps,
        accumulate,
      },
      onStep: ({ metrics }) => void found.push(metrics.loss!),
    })
    const of = async (prompt: number) => {
      const { value } = model.score(state.parameters, cut([1, prompt, 4, 4], 2, 8))
      return (await read(backend, value!))[0]!
    }
    return { found, values: [await of(2), await of(3)] }
  }
  const { values } = await run(compiled, 40)
  const { found } = await run(reference, 4)
  close([found[0]!], [-mean(examples) + 1], 1e-12) // V = 0: PPO-Clip is −mean A at first, and every label is missed by 1
  ok(values[0]! > 0.8 && values[1]! < -0.8, values.join())
  close((await run(reference, 4, 4)).found, found, 1e-8)
  close((await run(compiled, 4)).found, found, 1e-4)
})

test('a loss that needs a value head says so, where there is none', async () => {
  const [{ config, parameters } = tiny[0]!] = tiny
  const optimizer = adamW({ rate: constantRate(1e-2) })
  const options = {
    backend: reference,
    model: transformer(config),
    loss: getOrThrow(ppoValue()),
    optimizer,
    examples: judged,
    batch: 8,
    steps: 1,
  }
  await rejects(train(begin(optimizer, parameters), options), (e) => e instanceof ConfigError && /a value head, which PPO/.test(e.message))
})

const mean = (examples: readonly TrainingExample[]) =>
  examples.reduce((n, x) => n + ('label' in x && x.label ? 1 : -1), 0) / examples.length
