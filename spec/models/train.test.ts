/** Training: one path for every loss; in parts as at once; stopped and gone on as in one go; and faults are named, not hidden. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import test from 'node:test'
import { wasm } from '../../backends/wasm/index.ts'
import { dispose, evaluate, fill, leaves, mapTree, mul, paths, tensor, volume } from '../../core/index.ts'
import { plain } from '../../core/internal.ts'
import { type AnyLoss, dpo, getOrThrow, kto, sft } from '../../halos/index.ts'
import {
  adamW,
  BatchError,
  begin,
  constantRate,
  cosine,
  generator,
  linear,
  type StepReport,
  type StepState,
  TrainingError,
  type TrainingExample,
  type TrainingOptions,
  train,
  transformer,
} from '../../models/index.ts'
import { backend, close, flat, judged, numbers, pairs, tiny } from './tiny.ts'

const losses: readonly {
  readonly loss: AnyLoss
  readonly examples: readonly TrainingExample[]
  readonly start: number | undefined
}[] = [
  { loss: getOrThrow(sft({})), examples: judged, start: undefined },
  { loss: getOrThrow(kto({ desirable: 2, undesirable: 1 })), examples: judged, start: 0.75 },
  { loss: getOrThrow(dpo({})), examples: pairs, start: Math.LN2 },
]
const optimizer = adamW({ rate: linear({ rate: 2e-2, warmup: 2, steps: 20 }), weightDecay: 0.1 })

const run = async (
  { config, parameters }: (typeof tiny)[number],
  options: Pick<TrainingOptions, 'loss' | 'examples'> & Partial<TrainingOptions>,
  start: StepState = begin(optimizer, parameters),
) => {
  const reports: StepReport[] = []
  const state = await train(start, {
    backend,
    model: transformer(config),
    optimizer,
    batch: 8,
    steps: 8,
    seed: 1,
    onStep: (report) => void reports.push(report),
    ...options,
  })
  return { reports, state, losses: reports.map(({ metrics }) => metrics.loss!) }
}

for (const model of tiny)
  for (const { loss, examples, start } of losses) {
    test(`${model.name}: the loss of ${loss.name} falls, from where it must begin`, async () => {
      const { losses, reports } = await run(model, { loss, examples, steps: 12 })
      ok(losses.at(-1)! < losses[0]! && losses.every(Number.isFinite), losses.join())
      if (start === undefined) return
      const { metrics } = reports[0]!
      close([losses[0]!], [start], 1e-12)
      deepEqual([metrics['rewards/chosen'], metrics['rewards/rejected'], metrics['rewards/margins']], [0, 0, 0])
      ok(reports.at(-1)!.metrics['rewards/margins']! > 0)
    })

    test(`${model.name}: ${loss.name} in 4 parts is ${loss.name} at once, in loss, z₀, gradient and parameters`, async () => {
      const whole = await run(model, { loss, examples, steps: 4 })
      const parts = await run(model, { loss, examples, steps: 4, accumulate: 4 })
      parts.reports.forEach(({ metrics, tokens }, i) => {
        deepEqual(Object.keys(metrics).sort(), Object.keys(whole.reports[i]!.metrics).sort())
        for (const [name, value] of Object.entries(whole.reports[i]!.metrics)) close([metrics[name]!], [value], 1e-8, name)
        equal(tokens, whole.reports[i]!.tokens)
      })
      close(await flat(parts.state.parameters), await flat(whole.state.parameters), 1e-7)
      // Something was there to be pooled: z₀ was not clamped away.
      if (loss.needs.unrelated) ok(whole.reports.some(({ metrics }) => metrics.z0! > 0))
    })
  }

test('8 micro-batches of 4 are a batch of 32 in loss, z₀ and gradient, to 1e-5 in float32', async () => {
  const examples = Array.from({ length: 32 }, (_, i) => ({
    outcome: { prompt: [1, 2 + (i % 7)], completion: [3 + (i % 2), 4 + ((5 * i) % 6), 2 + (i % 3)] },
    label: i % 2 === 0,
  }))
  const backend = await wasm({ threads: 1 })
  for (const { loss } of losses.slice(0, 2)) {
    const [whole, parts] = [
      await run(tiny[0]!, { backend, loss, examples, batch: 32, steps: 3 }),
      await run(tiny[0]!, { backend, loss, examples, batch: 32, steps: 3, accumulate: 8 }),
    ]
    for (const [i, { metrics }] of parts.reports.entries())
      for (const name of ['loss', 'grad_norm', ...(loss.needs.unrelated ? ['z0'] : [])])
        close([metrics[name]!], [whole.reports[i]!.metrics[name]!], 1e-5, name)
    if (loss.needs.unrelated) ok(whole.reports.some(({ metrics }) => metrics.z0! > 0))
    // AdamW's first moment is a mean of the gradients.
    close(await flat(parts.state.first), await flat(whole.state.first), 1e-5, loss.name)
  }
  await backend.close?.()
})

test('a run that was stopped and gone on from its state is the run that was not, bit by bit', async () => {
  for (const { loss, examples } of losses) {
    const whole = await run(tiny[0]!, { loss, examples, steps: 6 })
    const controller = new AbortController()
    const first = await run(tiny[0]!, {
      loss,
      examples,
      steps: 6,
      signal: controller.signal,
      onStep: ({ step }) => {
        if (step === 3) controller.abort()
      },
    })
    deepEqual(await numbers(first.state.step), [3])
    const rest = await run(tiny[0]!, { loss, examples, steps: 6, reference: tiny[0]!.parameters }, first.state)
    deepEqual(rest.losses, whole.losses.slice(3))
    deepEqual(await flat(rest.state), await flat(whole.state))
  }
})

test('an example whose loss is not finite stops the run: step, examples and tensors are named, the state is kept', async () => {
  const { loss } = losses[0]!
  const model = tiny[0]!
  // The row of one token is poisoned; only some examples contain it.
  const parameters = mapTree(model.parameters, (x, i) => {
    if (paths(model.parameters)[i] !== 'token' || x.op.tag !== 'data') return x
    return tensor(
      x.shape,
      Array.from(plain(x.op.values), (value, k) => (k === 5 * 8 ? Number.NaN : value)),
    )
  })
  const poisoned = judged.flatMap(({ ...example }, i) =>
    'outcome' in example && [...example.outcome.prompt, ...example.outcome.completion.slice(0, -1)].includes(5) ? [i] : [],
  )
  ok(poisoned.length > 0 && poisoned.length < judged.length)
  const error = await run({ ...model, parameters }, { loss, examples: judged, batch: 16 }).then(
    () => undefined,
    (e: unknown) => e,
  )
  ok(error instanceof TrainingError)
  equal(error.step, 1)
  deepEqual(
    [...error.examples].sort((a, b) => a - b),
    poisoned,
  )
  ok(error.tensors.includes('blocks.0.attention.query.weight'))
  match(error.message, /step 1: the loss of SFT is not finite\. Examples: examples\[\d+\], .*blocks\.0\./)
})

test('an update that is not finite is not made', async () => {
  const { parameters } = tiny[1]!
  const state = begin(optimizer, parameters)
  const [next] = optimizer.update(
    state,
    mapTree(parameters, (x, i) => (i === 3 ? fill(x.shape, Number.NaN) : fill(x.shape, 1))),
  )
  deepEqual(await flat(next), await flat({ ...state, history: {} }))
})

test('while the policy is the reference model, programs that disagree about it stop the run', async () => {
  const [{ config } = tiny[0]!] = tiny
  const model = transformer(config)
  for (const { loss, examples, start } of losses.slice(1)) {
    let programs = 0
    const disagreeing = {
      ...model,
      score: (...args: Parameters<typeof model.score>) => ({
        logProbability: mul(model.logProbabilities(args[0], args[1]), 1 + programs++ / 10),
      }),
    }
    await rejects(
      run(tiny[0]!, { model: disagreeing, loss, examples, steps: 1 }),
      (e) =>
        e instanceof TrainingError &&
        e.message.includes(`step 1: the policy is still the reference model, so the loss of ${loss.name} must be ${start!.toFixed(6)}`),
    )
  }
})

test('no array is left behind by a step, whole or in parts, nor by generating', async () => {
  const { loss, examples } = losses[1]!
  for (const accumulate of [1, 2]) {
    const alive: number[] = []
    await run(tiny[0]!, { loss, examples, accumulate, onStep: () => void alive.push(backend.live()) })
    deepEqual(
      alive,
      alive.map(() => alive[0]),
    )
  }
  const before = backend.live()
  const generate = generator(backend, transformer(tiny[0]!.config))
  await generate(tiny[0]!.parameters, [[1, 2], [3]], { maxTokens: 5 })
  equal(backend.live(), before)
  const parameters = await evaluate(backend, tiny[0]!.parameters)
  await generate(parameters, [[1, 2], [3]], { maxTokens: 5 })
  dispose(backend, parameters)
  equal(backend.live(), before)
})

test('examples that do not suit the loss are refused by number', async () => {
  const [, kto, dpo] = losses
  const unlabelled = [...judged.slice(0, 9), { outcome: { prompt: [1], completion: [2] } }]
  const refused = (loss: AnyLoss, examples: readonly TrainingExample[], says: RegExp) =>
    rejects(run(tiny[0]!, { loss, examples }), (e) => e instanceof BatchError && says.test(e.message))
  await refused(dpo!.loss, judged, /examples\[0\].*chosen and rejected, which DPO learns from, found outcome and label/)
  await refused(kto!.loss, pairs, /examples\[0\].*outcome and label/)
  await refused(kto!.loss, unlabelled, /examples\[9\]/)
  const foreign = judged.with(3, { outcome: { prompt: [1], completion: [11] }, label: true })
  await refused(kto!.loss, foreign, /examples\[3\]: expected tokens from 0 to 10, .* found token 11\. Use the tokenizer/)
  for (const silent of [
    { prompt: [1], completion: [] },
    { prompt: [], completion: [1] },
  ]) {
    const says = /examples\[3\]: expected a completion of at least one token, after another token, found none/
    await refused(kto!.loss, judged.with(3, { outcome: silent, label: false }), says)
    await refused(dpo!.loss, pairs.with(3, { chosen: { prompt: [1], completion: [2] }, rejected: silent }), says)
  }
  await rejects(run(tiny[0]!, { loss: kto!.loss, examples: judged, batch: 1 }), /at least 2 examples/)
  await rejects(run(tiny[0]!, { loss: kto!.loss, examples: judged, batch: 17 }), /at least 17 examples/)
})

test('a batch without undesirable examples is legal; its absent means are absent', async () => {
  const { loss } = losses[1]!
  const { reports } = await run(tiny[0]!, { loss, examples: judged.map((example) => ({ ...example, label: true })), steps: 2 })
  for (const { metrics } of reports)
    ok(!('rewards/rejected' in metrics) && !('rewards/margins' in metrics) && Number.isFinite(metrics.loss))
})

test('AdamW is AdamW: two steps by hand, clipping and decay included', async () => {
  const tree = (x: number, b: number) => ({ weight: tensor({ embed: 1, hidden: 1 }, [x]), bias: tensor({ hidden: 1 }, [b]) })
  const by = adamW({ rate: constantRate(0.1), beta1: 0.8, beta2: 0.9, epsilon: 0, weightDecay: 0.5, maxNorm: 5 })
  const [once, { grad_norm }] = by.update(by.begin(tree(2, 2)), tree(6, 8)) // norm 10: halved
  close(await numbers(grad_norm), [10], 1e-12)
  close(await flat(once.parameters), [2 - 0.1 * 0.5 * 2 - 0.1, 2 - 0.1], 1e-6)
  const [twice] = by.update(once, tree(-1, 0)) // norm 1: as it is
  const m = [0.8 * 0.2 * 3 - 0.2, 0.8 * 0.2 * 4].map((x) => x / (1 - 0.64))
  const v = [0.9 * 0.1 * 9 + 0.1, 0.9 * 0.1 * 16].map((x) => x / (1 - 0.81))
  close(
    await flat(twice.parameters),
    [1.8 - 0.1 * 0.5 * 1.8 - (0.1 * m[0]!) / Math.sqrt(v[0]!), 1.9 - (0.1 * m[1]!) / Math.sqrt(v[1]!)],
    1e-6,
  )
  equal(
    leaves(twice).reduce((n, x) => n + volume(x.shape), 0),
    7,
  )
})

test('learning rates rise, then fall to their floor', async () => {
  const at = async (schedule: ReturnType<typeof linear>, ...steps: readonly number[]) =>
    (await Promise.all(steps.map((step) => numbers(schedule(tensor({}, [step])))))).flat()
  close(await at(linear({ rate: 2, warmup: 4, steps: 12 }), 0, 1, 3, 4, 8, 12, 20), [0.5, 1, 2, 2, 1, 0, 0], 1e-12)
  close(await at(cosine({ rate: 2, steps: 10, floor: 0.1 }), 0, 5, 10), [2, 1.1, 0.2], 1e-12)
  close(await at(constantRate(3), 0, 7), [3, 3], 0)
})
