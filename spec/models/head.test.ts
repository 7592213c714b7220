/** Heads: what they read of a text, what they learn, and whom they do not disturb. */
import { deepEqual, ok } from 'node:assert/strict'
import test, { after } from 'node:test'
import { wasm } from '../../backends/index.ts'
import { dot, grad, leaves, sum, type Tensor } from '../../core/index.ts'
import { certain } from '../../halos/index.ts'
import { bradleyTerry } from '../../halos/losses/bradley-terry.ts'
import {
  adamW,
  begin,
  constantRate,
  type Example,
  initializeHead,
  padTogether,
  rewardHead,
  rewarding,
  sequencesOf,
  type Trainable,
  train,
  transformer,
  valueHead,
  valuing,
} from '../../models/index.ts'
import { close, flat, numbers, pairs, backend as reference, tiny, tokens } from './tiny.ts'

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
      subject: Trainable<P>,
      parameters: P,
      of: (scores: ReturnType<typeof subject.score>) => Tensor<'batch'>,
    ) => {
      const gradient = grad((p: never) => sum(of(subject.score(p, row)), 'batch'))(parameters as never) as P // a tree of tensors
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
        ...{ backend, model: rewards, loss: certain(bradleyTerry()), optimizer, examples: pairs, batch: 8, steps: 8 },
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
