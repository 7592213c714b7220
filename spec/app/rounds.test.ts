/**
 * `halograd rounds` in the small world: rounds raise the win rate, a killed command ends with the same bits, people can judge, and limits hold.
 * It takes 15 s of processor time: ten rounds, and four processes of which three are killed.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { advantagesOf, examplesOf, type ScoredGroup } from '../../app/rounds/labels.ts'
import { bestRound, type RoundRow, reasonToEnd } from '../../app/rounds/log.ts'
import { halograd, temporary } from './fixture.ts'
import { oracle, worldModel, worldPrompts } from './small-world.ts'

const folder = temporary()
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const model = await worldModel(join(folder, 'model'), 120)
const data = worldPrompts(join(folder, 'prompts.jsonl'), 700)
const judge = oracle(join(folder, 'oracle.mjs'))
const shared = [
  ...['rounds', '--model', model, '--data', data, '--exact', '--threads', '1', '--max-tokens', '16', '--lr', '1e-3'],
  ...['--eval', '0.4', '--measure', '256', '--prompts', '128', '--answers', '8'],
]
const byKto = [...shared, '--halo', 'kto', '--judge', judge, '--label', 'best-worst', '--batch', '32', '--epochs', '3'] as const
const outOf = (name: string): string => join(folder, name)
const rowsIn = (out: string): readonly RoundRow[] =>
  readFileSync(join(out, 'rounds.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
const bytesOf = (out: string): string => readFileSync(join(out, 'model.safetensors')).toString('base64')

test('three rounds of KTO raise the win rate above chance; prompts are never asked twice; OUT has the best model', async () => {
  const out = outOf('kto')
  const run = await halograd(...byKto, '--out', out, '--json')
  assert.equal(run.code, 0, run.err)
  const rows = rowsIn(out)
  assert.deepEqual(
    rows.map(({ round }) => round),
    [0, 1, 2, 3],
  )
  assert.equal(rows[0]?.win_rate, 0.5)
  assert.equal(rows[0]?.kl, 0)
  const last = rows[3]!
  assert.ok((last.win_low ?? 0) > 0.5, `win rate ${last.win_rate}`)
  assert.ok(last.win_rate! > rows[1]!.win_rate!, 'later rounds add to the first')
  assert.ok(last.kl > 0 && last.score! > rows[0]!.score!)
  const asked = [1, 2, 3].flatMap((round) =>
    readFileSync(join(out, `round-00${round}`, 'answers.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line): string => JSON.parse(line).prompt.text),
  )
  assert.equal(new Set(asked).size, 3 * 128)
  const { best } = JSON.parse(run.out)
  assert.equal(bytesOf(out), bytesOf(join(out, `round-00${best}`)))
  assert.match(run.err, /round {4}win rate \(95 %\) {4}score[\s\S]*Saved to .*the model of round 3/)
})

test('killed at random moments and run again, it ends with the same bits', async () => {
  const out = outOf('killed')
  const moments: number[] = []
  const attempt = (): Promise<number | null> =>
    new Promise((resolve) => {
      const args = ['--import', 'tsx', join(root, 'app/cli/bin.ts'), ...byKto, '--out', out]
      const child = spawn(process.execPath, args, { cwd: root, stdio: 'ignore' })
      const moment = 1500 + 4000 * Math.random()
      const timer = moments.length < 3 ? setTimeout(() => child.kill('SIGKILL'), moment) : undefined
      moments.push(moment)
      child.on('exit', (code) => {
        clearTimeout(timer)
        resolve(code)
      })
    })
  let code: number | null = null
  for (let i = 0; i < 5 && code !== 0; i++) code = await attempt()
  assert.equal(code, 0)
  assert.equal(readFileSync(join(out, 'rounds.jsonl'), 'utf8'), readFileSync(join(outOf('kto'), 'rounds.jsonl'), 'utf8'), `${moments}`)
  assert.equal(bytesOf(out), bytesOf(outOf('kto')), `killed after ${moments} ms`)
})

test('GRPO learns, too; verdicts turned round teach the opposite', async () => {
  const out = outOf('grpo')
  const grpo = [...shared, '--halo', 'grpo', '--batch', '64', '--rounds', '2'] as const
  const run = await halograd(...grpo, '--judge', judge, '--out', out)
  assert.equal(run.code, 0, run.err)
  assert.ok((rowsIn(out)[2]?.win_low ?? 0) > 0.5, run.err)
  const contrary = join(folder, 'contrary.mjs')
  writeFileSync(
    contrary,
    `import oracle from ${JSON.stringify(judge)}\nexport default { name: 'contrary', score: (answers) => oracle.score(answers).map((x) => -x) }`,
  )
  const opposite = await halograd(...grpo, '--judge', contrary, '--measure-judge', judge, '--rounds', '1', '--out', outOf('contrary'))
  assert.equal(opposite.code, 0, opposite.err)
  assert.ok((rowsIn(outOf('contrary'))[1]?.win_rate ?? 1) < 0.5)
  assert.match(opposite.err, /not above chance/)
})

test('plot run draws rounds, of one directory or several, with the win rate and its interval', async () => {
  const svg = join(folder, 'rounds.svg')
  const run = await halograd('plot', 'run', outOf('kto'), outOf('grpo'), '--out', svg, '--json')
  assert.equal(run.code, 0, run.err)
  assert.deepEqual(JSON.parse(run.out), { out: svg, rounds: [3, 2] })
  const text = readFileSync(svg, 'utf8')
  for (const title of ['win rate against round 0, with its 95 % interval', 'KL from round 0', 'tokens an answer', outOf('grpo')])
    assert.ok(text.includes(title), title)
  const runs = await halograd(
    'plot',
    'run',
    join(outOf('kto'), 'round-001'),
    join(outOf('kto'), 'round-002'),
    '--smooth',
    '5',
    '--out',
    svg,
  )
  assert.equal(runs.code, 0, runs.err)
  assert.match(readFileSync(svg, 'utf8'), /Runs, step by step[\s\S]*round-002[\s\S]*rewards margin/)
})

// ------------------------------------------------------------------ people

const byHand = [
  ...['rounds', '--halo', 'kto', '--model', model, '--data', data, '--judge', 'tsv', '--threads', '1', '--max-tokens', '8'],
  ...['--prompts', '4', '--answers', '2', '--rounds', '1', '--batch', '4', '--measure', '8'],
] as const

test('people judge in a sheet: the command waits for it, says what is missing or wrong, and goes on', async () => {
  const out = outOf('by-hand')
  const run = () => halograd(...byHand, '--out', out)
  const first = await run()
  assert.equal(first.code, 0, first.err)
  assert.match(first.err, /8 of 8 answers are without a verdict\. Fill in the column verdict of .*answers\.tsv/)
  const sheet = join(out, 'round-001', 'answers.tsv')
  const fill = (verdicts: readonly string[]): void => {
    const [head, ...lines] = readFileSync(sheet, 'utf8').trimEnd().split('\n')
    const filled = lines.map((line, i) => [...line.split('\t').slice(0, 3), verdicts[i] ?? ''].join('\t'))
    writeFileSync(sheet, `${[head, ...filled].join('\r\n')}\r\n`)
  }
  fill(['up', 'down', '1'])
  assert.match((await run()).err, /5 of 8 answers are without a verdict/)
  fill(['up', 'perhaps', '1', '0', '👍', '👎', '-', 'good'])
  const wrong = await run()
  assert.equal(wrong.code, 1)
  assert.match(wrong.err, /answers\.tsv:3, field verdict: expected up, down, a number, or - for none, found "perhaps"/)
  fill(['up', 'down', '1', '0', '👍', '👎', '-', 'good'])
  const done = await run()
  assert.equal(done.code, 0, done.err)
  const [, row] = rowsIn(out)
  assert.deepEqual([row?.examples, row?.desirable, row?.win_rate], [7, 4 / 7, undefined])
  assert.ok(readdirSync(out).includes('model.safetensors'))
})

// ------------------------------------------------------------------ parts

const answer = (token: number) => ({ prompt: [2], completion: [token, 1] })
const groups: readonly ScoredGroup[] = [
  { answers: [answer(3), answer(4), answer(5)], scores: [1, 3, 2] },
  { answers: [answer(6), answer(7)], scores: [2, undefined] },
  { answers: [answer(8), answer(9)], scores: [2, 2] },
]
const labels = (examples: ReturnType<typeof examplesOf>) =>
  examples.map((each) => ('outcome' in each ? [each.outcome.completion[0], each.label] : []))

test('advantages within a prompt are those of the papers', () => {
  const rewards = [1, 3, 2]
  assert.deepEqual(
    advantagesOf(rewards, 'grpo').map((x) => Number(x.toFixed(3))),
    [-1, 1, 0],
  )
  assert.deepEqual(advantagesOf(rewards, 'dr-grpo'), [-1, 1, 0])
  assert.deepEqual(advantagesOf(rewards, 'rloo'), [-1.5, 1.5, 0]) // 1 − (3 + 2) / 2, …
  assert.deepEqual(advantagesOf([5], 'rloo'), [0])
  assert.deepEqual(advantagesOf([2, 2], 'grpo'), [0, 0])
})

test('labels by threshold leave out what is neither; best and worst need a difference; a pair has its margin', () => {
  const kto = { pair: false }
  assert.deepEqual(labels(examplesOf(groups, kto, { tag: 'threshold', threshold: 2 })), [
    [3, false],
    [4, true],
  ])
  assert.equal(examplesOf(groups, kto, { tag: 'threshold' }).length, 2, 'the mean of all six scores is 2')
  assert.deepEqual(labels(examplesOf(groups, kto, { tag: 'best-worst' })), [
    [4, true],
    [3, false],
  ])
  const [pair, ...others] = examplesOf(groups, { pair: true }, { tag: 'best-worst' })
  assert.ok(pair && 'chosen' in pair && others.length === 0)
  assert.deepEqual([pair.chosen.completion[0], pair.rejected.completion[0], pair.margin], [4, 3, 2])
  assert.equal(examplesOf(groups, kto, { tag: 'advantage', kind: 'grpo' }).length, 6)
})

const row = (round: number, win_rate: number, kl = 1): RoundRow => ({
  ...{ round, verdicts: round === 0 ? 0 : 100, examples: 50, kl, tokens: 5, ended: 1, repetition: 0 },
  ...{ win_rate, win_low: win_rate - 0.1, win_high: win_rate + 0.1 },
})

test('rounds end on regression, budget and distance; the best is kept', () => {
  const limits = { next: 100 }
  assert.equal(reasonToEnd([row(0, 0.5), row(1, 0.7), row(2, 0.65)], limits), undefined)
  assert.match(reasonToEnd([row(0, 0.5), row(1, 0.7), row(2, 0.55)], limits) ?? '', /round 2 is worse than round 1/)
  assert.equal(bestRound([row(0, 0.9), row(1, 0.7), row(2, 0.55)])?.round, 1)
  assert.match(reasonToEnd([row(0, 0.5), row(1, 0.7)], { next: 100, budget: 150 }) ?? '', /needs 100 verdicts, and 50 of --budget are left/)
  assert.match(reasonToEnd([row(0, 0.5), row(1, 0.7, 9)], { next: 100, maxKl: 8 }) ?? '', /9\.00 nats from round 0/)
})

for (const { what, args, says } of [
  {
    what: 'other options in the same OUT',
    args: ['--temperature', '0.5', '--out', outOf('kto')],
    says: /--temperature: began with 1, now 0\.5/,
  },
  {
    what: 'too few prompts',
    args: ['--prompts', '500', '--out', outOf('no')],
    says: /3 rounds of 500 different prompts need 1500, found \d+/,
  },
  { what: 'a loss of demonstrations', args: ['--halo', 'sft', '--out', outOf('no')], says: /SFT learns from demonstrations/ },
  {
    what: 'one answer to compare',
    args: ['--halo', 'dpo', '--answers', '1', '--out', outOf('no')],
    says: /compares answers to one prompt/,
  },
])
  test(`refused: ${what}`, async () => {
    const run = await halograd(...byKto, ...args)
    assert.equal(run.code, 2, run.err)
    assert.match(run.err, says)
  })
