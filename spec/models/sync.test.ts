/** The reference model follows the policy: as a run in parts, each with its own reference, computes it; and a stopped run goes on alike. */
import { deepEqual, notDeepEqual, ok } from 'node:assert/strict'
import test from 'node:test'
import { add, mul, zipTree } from '../../core/index.ts'
import { dpo, getOrThrow } from '../../halos/index.ts'
import {
  adamW,
  begin,
  constantRate,
  fromSnapshot,
  type Parameters,
  type StepState,
  type TrainingOptions,
  toSnapshot,
  train,
  transformer,
} from '../../models/index.ts'
import { backend, close, flat, pairs, tiny } from './tiny.ts'

const { config, parameters } = tiny[0]!
const optimizer = adamW({ rate: constantRate(2e-2) })
const shared = { ...{ backend, model: transformer(config), loss: getOrThrow(dpo()), optimizer, examples: pairs, batch: 8, seed: 1 } }
const run = (steps: number, options: Partial<TrainingOptions> = {}, start: StepState = begin(optimizer, parameters)) =>
  train(start, { ...shared, steps, ...options })

/** The policy after so many steps of a run whose reference is what it was at first. */
const after = async (steps: number): Promise<Parameters> => (await run(steps)).parameters

for (const mix of [1, 0.3])
  test(`every third step the reference takes ${mix} of the policy before that step's update`, async () => {
    const before = await after(2)
    const reference = zipTree(parameters, [before], (a, b) => add(mul(a, 1 - mix), mul(b!, mix)))
    const first = await run(3)
    const expected = await run(5, { reference }, first)
    const found = await run(5, { sync: { every: 3, mix } })
    close(await flat(found.parameters), await flat(expected.parameters), 1e-9)
    notDeepEqual(await flat(found.parameters), await flat((await run(5)).parameters), 'a fixed reference is something else')
    ok(found.reference)
    close(await flat(found.reference), await flat(reference), 1e-12)
  })

test('a reference that is not yet due changes nothing, to the bit', async () => {
  const found = await run(4, { sync: { every: 5 } })
  deepEqual(await flat(found.parameters), await flat(await after(4)))
  deepEqual(found.reference, undefined)
})

test('a run that was stopped goes on with the reference that it had, to the bit', async () => {
  const sync = { every: 2, mix: 0.5 }
  const whole = await run(7, { sync })
  const half = await run(3, { sync })
  const stored = new Map((await toSnapshot(backend, half)).map((tensor) => [tensor.name, tensor]))
  ok([...stored.keys()].some((name) => name.startsWith('reference.')))
  const again = await run(7, { sync, reference: parameters }, half)
  deepEqual(await flat(again.parameters), await flat(whole.parameters))
  const restored = fromSnapshot({ ...begin(optimizer, parameters), reference: parameters }, stored)
  close(await flat((await run(7, { sync, reference: parameters }, restored)).parameters), await flat(whole.parameters), 1e-5)
})
