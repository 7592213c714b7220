/** Every loss of the catalogue trains a transformer through one path; in parts it gives the same numbers, or is refused. */
import { deepEqual, ok } from 'node:assert/strict'
import test from 'node:test'
import { catalogue, getOrThrow } from '../../halos/index.ts'
import { adamW, BatchError, begin, constantRate, type TrainingExample, train, transformer } from '../../models/index.ts'
import { initializeHead, valueHead, valuing } from '../../models/internal.ts'
import { backend, close, judged, pairs, tiny } from './tiny.ts'

const { config, parameters } = tiny[1]!
/** A value head sits beside the policy; only losses that ask for one look at it. */
const model = valuing(transformer(config))
const start = { policy: parameters, head: initializeHead(config, valueHead, 1) }
/** Labels of different magnitudes: advantages. */
const advantages: readonly TrainingExample[] = judged.map((example, i) =>
  'outcome' in example ? { ...example, label: ((i % 5) - 2.5) / 2 } : example,
)

/** What data say beside the texts. */
const columns = (i: number) => ({ margin: 0.25 + (i % 4) / 8, dispersion: 0.25 + (i % 3) / 4, share: 0.5 + (i % 3) / 2 })

const refused: string[] = []
for (const family of await catalogue()) {
  const loss = getOrThrow(family())
  const optimizer = adamW({ rate: constantRate(1e-2) })
  const run = async (accumulate: number) => {
    const losses: number[] = []
    const examples = (loss.needs.pair ? pairs : family.key === 'ppo-clip' ? advantages : judged).map((one, i) => ({
      ...one,
      ...columns(i),
    }))
    const onStep = ({ metrics }: { readonly metrics: Readonly<Record<string, number>> }) => void losses.push(metrics.loss!)
    await train(begin(optimizer, start), { backend, model, loss, optimizer, examples, batch: 8, steps: 3, accumulate, onStep })
    return losses
  }
  test(`${loss.name} trains, and in parts is the same or refused`, async () => {
    const whole = await run(1)
    ok(whole.length === 3 && whole.every(Number.isFinite), whole.join())
    ok(new Set(whole).size === 3, 'the parameters move')
    const parts = await run(2).catch((error: unknown) => {
      ok(error instanceof BatchError, String(error))
      refused.push(family.key)
    })
    if (parts !== undefined) close(parts, whole, 1e-8)
  })
}

test('refused are those that rank examples, or learn through a mean of them', () =>
  deepEqual(refused.toSorted(), ['aot', 'aot-unpaired', 'kto-pair']))
