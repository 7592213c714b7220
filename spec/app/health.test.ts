/** The verdict on a run: each ailment where it is, by its figure, and not beside it. Each kind has a near miss that must be called healthy. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test from 'node:test'
import fc from 'fast-check'
import { type Ailment, type Facts, isGrave, symptomsOf, verdictOf } from '../../app/run/health.ts'
import type { LogRow } from '../../app/run/log.ts'
import { withoutRepetition } from '../../app/terminal/repeated.ts'
import { dpo, getOrThrow, kto } from '../../halos/index.ts'
import { halograd, jsonLines, judged, temporary, tinyModel } from './fixture.ts'

const labels = getOrThrow(kto()).needs
const pairs = getOrThrow(dpo()).needs
const facts: Facts = { needs: labels, training: 100, heldOut: 40, balance: { desirable: 50, undesirable: 50 }, contradictions: 0 }
/** A hundred steps, whose metrics at the fraction t of the run are these; and what held-out data say at the beginning and the end. */
const run = (metrics: (t: number) => Readonly<Record<string, number>>, heldOut: readonly number[] = [0.5, 0.4]): readonly LogRow[] => [
  { step: 0, epoch: 0, tokens: 0, eval_loss: heldOut[0]! },
  ...Array.from({ length: 100 }, (_, i) => {
    const measured = heldOut[((i + 1) / 100) * (heldOut.length - 1)]
    return { step: i + 1, epoch: 1, tokens: 10, ...metrics((i + 1) / 100), ...(measured !== undefined && { eval_loss: measured }) }
  }),
]
const well = (t: number) => ({
  loss: 0.5 - 0.2 * t,
  'rewards/chosen': 2 * t,
  'rewards/rejected': -3 * t,
  'rewards/margins': 5 * t,
  kl: t,
  saturated: 0.4 * t,
})
const ailments = (rows: readonly LogRow[], more: Partial<Facts> = {}): readonly Ailment[] =>
  symptomsOf(rows, { ...facts, ...more }).map(({ ailment }) => ailment)

test('a run that goes well is healthy', () => {
  assert.deepEqual(ailments(run(well)), [])
  assert.match(verdictOf([]).join(), /is healthy/)
})

const kinds: readonly (readonly [Ailment, ill: readonly Ailment[], nearMiss: readonly Ailment[]])[] = [
  [
    'diverged',
    ailments(run((t) => ({ ...well(t), 'rewards/chosen': -1e6 * t }))),
    ailments(run((t) => ({ ...well(t), 'rewards/rejected': -40 * t }))),
  ],
  [
    'diverged',
    ailments(run((t) => ({ ...well(t), loss: t > 0.5 ? Number.NaN : 0.5 }))),
    ailments(run((t) => ({ ...well(t), loss: 0 })).map((row) => ({ ...row, loss: row.step }))),
  ],
  ['diverged', ailments(run((t) => ({ ...well(t), loss: 0.5 + t }), [0.5, 1.5])), ailments(run(well, [0.5, 0.505]))],
  ['overfit', ailments(run(well, [0.5, 0.3, 0.6])), ailments(run(well, [0.5, 0.301, 0.302]))],
  ['overfit', ailments(run(well, [0.5, 0.6])), ailments(run(well, [0.5, 0.5]))],
  [
    'saturated',
    ailments(run((t) => ({ ...well(t), saturated: t > 0.8 ? 0.95 : 0 }))),
    ailments(run((t) => ({ ...well(t), saturated: t > 0.8 ? 0.85 : 1 }))),
  ],
  ['far', ailments(run((t) => ({ ...well(t), kl: 40 * t }))), ailments(run((t) => ({ ...well(t), kl: 20 * t })))],
  [
    'displaced',
    ailments(
      run((t) => ({ ...well(t), 'rewards/chosen': -4 * t })),
      { needs: pairs },
    ),
    ailments(
      run((t) => ({ ...well(t), 'rewards/chosen': -0.5 * t })),
      { needs: pairs },
    ),
  ],
  [
    'one-sided',
    ailments(run(well), { balance: { desirable: 0, undesirable: 100 } }),
    ailments(run(well), { balance: { desirable: 1, undesirable: 99 } }),
  ],
  ['few held out', ailments(run(well), { heldOut: 19 }), ailments(run(well), { heldOut: 20 })],
  ['contradictory', ailments(run(well), { contradictions: 6 }), ailments(run(well), { contradictions: 5 })],
  [
    'unmoved',
    ailments(run((t) => ({ ...well(t), loss: 0.5 })).map((row) => row)),
    ailments(run((t) => ({ ...well(t), loss: 0.5 - 0.001 * t }))),
  ],
]
for (const [i, [ailment, ill, nearMiss]] of kinds.entries())
  test(`${ailment} (${i}): seen where it is, and only there`, () => {
    assert.deepEqual(ill, [ailment])
    assert.ok(!nearMiss.includes(ailment))
  })

test('whatever the log says, there is a verdict in words', () => {
  const value = fc.oneof(fc.double(), fc.constantFrom(0, -1e6, Number.NaN, Number.POSITIVE_INFINITY))
  const row = fc.dictionary(
    fc.constantFrom('loss', 'rewards/chosen', 'rewards/rejected', 'rewards/margins', 'kl', 'saturated', 'eval_loss'),
    value,
  )
  fc.assert(
    fc.property(fc.array(row), (rows) => {
      const symptoms = symptomsOf(
        rows.map((metrics, step) => ({ ...metrics, step, epoch: 0, tokens: 1 })),
        facts,
      )
      for (const line of verdictOf(symptoms)) assert.match(line, /[.:]$/)
    }),
  )
})

test('a run that diverges says so, while it does and at the end, in words and in its report; one that does not invites to try it', async () => {
  const folder = temporary()
  const model = await tinyModel(join(folder, 'model'))
  const data = jsonLines(join(folder, 'judged.jsonl'), judged)
  const args = ['align', '--halo', 'kto', '--model', model, '--data', data, '--steps', '20', '--batch', '4', '--json', '--exact']
  const bad = await halograd(...args, '--lr', '30', '--out', join(folder, 'bad'))
  assert.equal(bad.code, 0, bad.err)
  assert.match(bad.err, /warning: diverged: rewards of \S+, where 50 is much/)
  assert.match(bad.err, /The run has DIVERGED:\n {2}diverged: .*Do not use this model: begin anew with a tenth of the --lr/)
  assert.doesNotMatch(bad.err, /Try it/)
  assert.ok(isGrave(JSON.parse(bad.out).health))
  const good = await halograd(...args, '--lr', '1e-3', '--out', join(folder, 'good'))
  assert.match(good.err, /few held out/)
  assert.match(good.err, /Try it/)
  assert.ok(!isGrave(JSON.parse(good.out).health))
})

test('a warning that comes again is counted, not repeated; what is no warning is', () => {
  const heard: string[] = []
  const { say, end } = withoutRepetition((line = '') => heard.push(line))
  for (const line of ['warning: a', 'b', 'warning: a', 'b', 'warning: c']) say(line)
  end()
  assert.deepEqual(heard, ['warning: a', 'b', 'b', 'warning: c', '(2 times: warning: a)'])
})
