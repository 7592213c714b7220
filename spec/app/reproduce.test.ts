/** `halograd reproduce`: the small world is what it says, verdicts follow from figures, runs go on where they were stopped, and what is kept is what was found. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { main } from '../../app/cli/main.ts'
import { type Data, examplesOf, preferences, reversed } from '../../app/reproduce/data.ts'
import { experiments } from '../../app/reproduce/experiment.ts'
import { picture } from '../../app/reproduce/picture.ts'
import { pipeline } from '../../app/reproduce/pipeline.ts'
import { readmeSection } from '../../app/reproduce/readme.ts'
import { recipes } from '../../app/reproduce/recipe.ts'
import { markdown, type ReproductionReport } from '../../app/reproduce/report.ts'
import { finding } from '../../app/reproduce/statistics.ts'
import {
  dice,
  drawPreference,
  drawTask,
  end,
  type Preference,
  person,
  reward,
  talkativeReward,
  webText,
} from '../../app/reproduce/world.ts'
import { wasm } from '../../backends/index.ts'
import { halograd, temporary } from './fixture.ts'

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const folder = temporary()
const near = (a: number, b: number, tolerance: number) => assert.ok(Math.abs(a - b) <= tolerance, `${a} is not ${b} ± ${tolerance}`)
/** By how much the oracle agrees. */
const better = ({ task, chosen, rejected }: Preference): number => reward(task, chosen) - reward(task, rejected)
const mean = (xs: readonly number[]) => xs.reduce((a, b) => a + b, 0) / xs.length

test('the oracle: right letters count, tokens too many or too few cost a quarter', () => {
  const roll = dice(1)
  for (let i = 0; i < 200; i++) {
    const task = drawTask(roll)
    const { answer, prompt } = task
    assert.equal(prompt.length, 9)
    assert.equal(reward(task, answer), 4)
    assert.equal(reward(task, []), -answer.length / 4)
    near(reward(task, answer.slice(1)), (4 * answer.slice(1).filter((x, k) => x === answer[k]).length) / answer.length - 0.25, 1e-12)
    assert.equal(reward(task, [...answer, 20, 21]), 3.5)
    assert.equal(talkativeReward(task, [...answer, 20, 21]), 4.5)
    assert.equal(talkativeReward(task, [...answer, ...Array.from({ length: 18 }, () => 20)]), 2.5)
  }
})

test('people: half are right, two in five go on, and they prefer what the oracle prefers as often as Bradley & Terry say', () => {
  const roll = dice(2)
  const said = Array.from({ length: 4000 }, () => {
    const task = drawTask(roll)
    return { task, answer: person(task, roll) }
  })
  near(mean(said.map(({ task, answer }) => (answer.length > task.answer.length ? 1 : 0))), 0.4, 0.03)
  const judged = Array.from({ length: 4000 }, () => drawPreference(roll))
  const expected = mean(judged.map((each) => 1 / (1 + Math.exp(-Math.abs(better(each))))))
  const agreeing = mean(judged.map((each) => (Math.sign(better(each)) + 1) / 2))
  near(agreeing, expected, 0.03)
  assert.ok(expected > 0.6)
})

test('web text ends answers only as often as it is told, and everything is decided by the seed', () => {
  assert.ok(!webText(20, 48, 0, 1).flat().includes(end))
  assert.ok(webText(20, 48, 0.2, 1).flat().includes(end))
  assert.deepEqual(webText(3, 48, 0.2, 7), webText(3, 48, 0.2, 7))
  assert.notDeepEqual(webText(3, 48, 0.2, 7), webText(3, 48, 0.2, 8))
  assert.deepEqual(preferences({ pairs: 9 }, 3), preferences({ pairs: 9 }, 3))
})

test('flips are as frequent as asked; contradictions are there both ways round, and both groups agree on the rest', () => {
  const agreement = (flipped: number) => mean(preferences({ pairs: 4000, flipped }, 5).map((each) => (Math.sign(better(each)) + 1) / 2))
  const [none, some] = [agreement(0), agreement(0.4)]
  near(some, 0.6 * none + 0.4 * (1 - none), 0.05)
  const all = preferences({ pairs: 100, contradictory: 0.5 }, 6)
  assert.equal(all.length, 100)
  const twos = Array.from({ length: 50 }, (_, i) => [all[2 * i]!, all[2 * i + 1]!] as const)
  const disputed = twos.filter(([one, other]) => JSON.stringify(other) === JSON.stringify(reversed(one)))
  assert.equal(disputed.length, 25)
  assert.ok(
    disputed.some((two) => twos.indexOf(two) > 24),
    'disputes are anywhere',
  )
  for (const { task, chosen, rejected } of disputed.flat())
    assert.ok(
      reward(task, chosen) > reward(task, rejected) === talkativeReward(task, chosen) < talkativeReward(task, rejected),
      'what one group likes better, the other likes less',
    )
  for (const { task, chosen, rejected } of twos.filter((two) => !disputed.includes(two)).flat()) {
    assert.ok(reward(task, chosen) >= reward(task, rejected))
    assert.ok(talkativeReward(task, chosen) >= talkativeReward(task, rejected))
  }
})

test('where both sides of every dispute are in a batch, KTO leaves the model as it is; where batches are random, it does not', async () => {
  const { pretrain, measure } = pipeline(await wasm({ threads: 1 }), recipes.quick, new AbortController().signal)
  const base = { size: '100k', seed: 1, ends: 0 } as const
  const start = await pretrain(base)
  const moved = async (data: Data) =>
    Math.abs((await measure({ ...base, data, sft: false, method: { loss: 'kto', rate: 1e-2, data } }, start)).kl)
  const disputed = { pairs: 40, contradictory: 1 }
  assert.ok((await moved(disputed)) > 0.1)
  assert.ok((await moved({ ...disputed, together: true })) < 1e-2) // gradients cancel to rounding, which Adam enlarges
})

test('each loss gets what it learns from: pairs, judged answers (all, some of a kind, one a prompt), or control tokens', () => {
  const given = preferences({ pairs: 40 }, 1)
  const labels = (feedback: Parameters<typeof examplesOf>[2]) =>
    examplesOf({ pair: false, label: true, control: false }, given, feedback, 1).map((each) => 'outcome' in each && each.label)
  assert.equal(examplesOf({ pair: true, label: false, control: false }, given, {}, 1).length, 40)
  assert.equal(labels({}).filter((label) => label).length, 40)
  assert.equal(labels({ desirable: 0.1 }).filter((label) => label).length, 4)
  assert.equal(labels({ desirable: 0.1 }).filter((label) => !label).length, 40)
  assert.equal(labels({ single: true }).length, 40)
  const controlled = examplesOf({ pair: false, label: true, control: true }, given, {}, 1)
  assert.equal(new Set(controlled.map((each) => 'outcome' in each && each.outcome.prompt.at(-1))).size, 2)
})

test('a verdict is on which side of the claim the interval is', () => {
  assert.equal(finding('more', [0.7, 0.71, 0.72], [0.5, 0.5, 0.51]).verdict, 'reproduced')
  assert.equal(finding('more', [0.5, 0.5, 0.51], [0.7, 0.71, 0.72]).verdict, 'not reproduced')
  assert.equal(finding('more', [0.5, 0.9, 0.4], [0.5, 0.5, 0.5]).verdict, 'not separable')
  assert.equal(finding('as good', [0.5, 0.501, 0.5], [0.51, 0.51, 0.51]).verdict, 'not reproduced')
  assert.equal(finding('as good', [0.5, 0.501, 0.5], [0.51, 0.51, 0.51], -0.02).verdict, 'reproduced')
  assert.equal(finding('one seed says nothing', [0.9], [0.1]).verdict, 'not separable')
})

const quick = ['reproduce', 'table1', '--quick', '--seeds', '1'] as const
const cellsOf = (out: string) => readdirSync(join(out, 'cells')).filter((file) => file.endsWith('.json'))

test('an experiment that was stopped goes on with what is finished, and finds what several processes find that are left in peace', async () => {
  const [whole, broken] = [join(folder, 'whole'), join(folder, 'broken')]
  const run = await halograd(...quick, '--jobs', '2', '--out', whole, '--json')
  assert.equal(run.code, 0, run.err)
  const [report] = JSON.parse(run.out) as readonly ReproductionReport[]
  assert.equal(report?.findings.length, 3)
  assert.match(report.command, /^halograd reproduce table1 --seeds 1 --quick/)
  assert.match(readFileSync(join(whole, 'table1.svg'), 'utf8'), /^<svg.*<\/svg>$/s)

  const alone = [...quick, '--jobs', '1', '--threads', '1', '--out', broken]
  const stopping = new AbortController()
  let said = ''
  const say = (line = '') => {
    said += `${line}\n`
    if (/seed 1: win/.test(line)) stopping.abort()
  }
  const code = await main(alone, { print: () => undefined, say, interactive: false, stop: stopping.signal })
  assert.equal(code, 130, said)
  assert.match(said, /the same command goes on from there/)
  const finished = cellsOf(broken)
  assert.ok(finished.length > 0 && finished.length < cellsOf(whole).length)
  const times = () => finished.map((file) => statSync(join(broken, 'cells', file)).mtimeMs)
  const before = times()
  const again = await halograd(...alone, '--json')
  assert.equal(again.code, 0, again.err)
  assert.deepEqual(times(), before, 'no finished cell was computed again')
  const [resumed] = JSON.parse(again.out) as readonly ReproductionReport[]
  assert.deepEqual(resumed?.tables, report.tables)
})

test('bad names are refused before anything is computed', async () => {
  const run = await halograd('reproduce', 'figure7', '--out', join(folder, 'none'))
  assert.equal(run.code, 2)
  assert.match(run.err, /no experiment 'figure7'.*figure3, figure4, figure5, figure6, online, table1, table2/)
})

const results = join(repository, 'app/reproduce/results')
const kept = readdirSync(results)
  .filter((file) => file.endsWith('.json'))
  .map((file): ReproductionReport => JSON.parse(readFileSync(join(results, file), 'utf8')))

test('every experiment has results in the repository: made by its command, on three seeds or more, and text and picture follow from the figures', async () => {
  assert.deepEqual(
    kept.map(({ experiment }) => experiment).sort(),
    (await experiments()).map(({ key }) => key),
  )
  for (const report of kept) {
    const read = (ending: string) => readFileSync(join(results, `${report.experiment}.${ending}`), 'utf8')
    assert.match(report.command, new RegExp(`^halograd reproduce ${report.experiment} --seeds \\d+`))
    assert.ok(!report.command.includes('--quick') && report.seeds.length >= 3, report.command)
    assert.equal(read('md'), markdown(report))
    assert.equal(read('svg'), picture(report))
    for (const { claim, difference, above, verdict } of report.findings)
      assert.equal(verdict, difference.low > above ? 'reproduced' : difference.high < above ? 'not reproduced' : 'not separable', claim)
  }
})

test('the section of docs/reproductions.md is the one that these results make', () => {
  const readme = readFileSync(join(repository, 'docs/reproductions.md'), 'utf8')
  assert.ok(readme.includes(readmeSection(kept)), 'docs/reproductions.md is stale: run `node --import tsx app/reproduce/readme.ts`')
})
