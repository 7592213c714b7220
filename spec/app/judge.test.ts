/** Judges: what they like, that their verdicts do not depend on the order, and that whatever they say wrong is an error with words. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { loadCheckpoint, loadRewardModel } from '../../app/inputs/checkpoint.ts'
import { exampleOf, holdOut } from '../../app/inputs/examples.ts'
import { repetition } from '../../app/inputs/texts.ts'
import { type Comparison, type Judge, tally, type Verdicts, verdictsOf, type Winner } from '../../app/judge/judge.ts'
import { findJudge } from '../../app/judge/kinds.ts'
import { questionsOf } from '../../app/judge/questions.ts'
import { Interrupted, JudgeError } from '../../app/terminal/errors.ts'
import { reference } from '../../backends/index.ts'
import { read } from '../../core/index.ts'
import { pad, parseRows, sequencesOf } from '../../models/internal.ts'
import { halograd, jsonLines, judged, pairs, temporary, texts, tinyModel } from './fixture.ts'

const folder = temporary()
const model = await tinyModel(join(folder, 'model'))
const other = await tinyModel(join(folder, 'other'), { hidden: 12 })
const data = { judged: jsonLines(join(folder, 'judged.jsonl'), judged), pairs: jsonLines(join(folder, 'pairs.jsonl'), pairs) }

const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
/** A program that gets its lines as `lines`, and does as told. */
let programs = 0
const program = (body: string): string =>
  `"${process.execPath}" "${file(
    `judge${programs++}.mjs`,
    `let text = ''
for await (const chunk of process.stdin) text += chunk
const lines = text.trim().split('\\n').map((line) => JSON.parse(line))
${body}`,
  )}"`

const judgeOf = (asked: string, timeout = 60): Promise<Judge> =>
  findJudge(asked, { backend: reference(), timeout, signal: new AbortController().signal })
const verdicts = async (asked: string, cases: readonly Comparison[]): Promise<Verdicts> => verdictsOf(await judgeOf(asked), cases)
const pair = (a: string, b: string, prompt = 'the cat is'): Comparison => ({ prompt, a, b })

// ------------------------------------------------------------------ verdicts

test('a number decides; equal numbers, and equal texts whatever their numbers, are ties', async () => {
  let calls = 0
  const judge: Judge = { name: 'letters', score: (answers) => answers.map(({ completion }) => completion.length + 1e-9 * calls++) }
  const found = await verdictsOf(judge, [pair('long', 'no'), pair('no', 'long'), pair('same', 'same')])
  assert.deepEqual(found.preferences, [1, 0, 0.5])
  const { winRate, wins, ties, losses } = tally(found)
  assert.deepEqual([winRate.rate, winRate.cases, wins, ties, losses], [0.5, 3, 1, 1, 1])
})

test('who compares is asked in both orders: who likes whatever comes first decides nothing, who has an opinion decides all', async () => {
  const cases = [pair('good', 'bad'), pair('bad', 'good'), pair('good', 'good one')]
  const first: Judge = { name: 'first', compare: (those) => those.map((): Winner => 'a') }
  const biased = tally(await verdictsOf(first, cases))
  assert.deepEqual([biased.winRate.rate, biased.ties, biased.consistent?.rate], [0.5, 3, 0])
  const opinion: Judge = { name: 'good', compare: (those) => those.map(({ a, b }) => (a === b ? 'tie' : a === 'good' ? 'a' : 'b')) }
  const { preferences, consistent } = await verdictsOf(opinion, cases)
  assert.deepEqual(preferences, [1, 0, 1])
  assert.equal(consistent?.rate, 1)
})

test('a judge that says too little, or nonsense, is not believed', async () => {
  const silent: Judge = { name: 'silent', score: () => [] }
  await assert.rejects(async () => verdictsOf(silent, [pair('a', 'b')]), /judge silent: expected 2 verdicts.*found 0/)
  const confused: Judge = { name: 'confused', score: () => [1, Number.NaN] }
  await assert.rejects(async () => verdictsOf(confused, [pair('a', 'b')]), JudgeError)
})

test('repetition counts runs that the same text has said before', () => {
  assert.equal(repetition(['a b c d a b c d'], 4), 1 - 4 / 5)
  assert.equal(repetition(['a b c d', 'a b c d'], 4), 0)
})

// ------------------------------------------------------------------ judges

test('lexicon: AFINN, or lines of one’s own, phrases included', async () => {
  assert.deepEqual((await verdicts('lexicon', [pair(' a good day', ' a bad day')])).scores, { a: [3], b: [-3] })
  const own = file('own.tsv', 'cat\t2\nnot a dog\t5\n\nmat,-1\n')
  assert.deepEqual((await verdicts(`lexicon ${own}`, [pair('Cat, cat on a mat', 'it is not a dog!')])).scores, { a: [1], b: [5] })
  const malformed = file('malformed.tsv', 'cat\t2\ndog\nmat\tmuch\n')
  await assert.rejects(
    judgeOf(`lexicon ${malformed}`),
    /malformed\.tsv:2: expected a word or phrase, a tab, and a number, found "dog"[\s\S]*malformed\.tsv:3/,
  )
})

test('regex and length are rules', async () => {
  assert.deepEqual((await verdicts('regex ^ g', [pair(' good', ' bad')])).preferences, [1])
  assert.deepEqual((await verdicts('regex /GOOD/gi', [pair(' good', ' good cat'), pair(' bad', ' good')])).preferences, [0.5, 0])
  assert.deepEqual((await verdicts('length', [pair('one', 'one two')])).preferences, [1])
  assert.deepEqual((await verdicts('length 3', [pair('one', 'one two'), pair('one two three four', 'one two')])).preferences, [0, 0.5])
})

test('likelihood is log π(y|x) a token, the end of the text included; an empty text can be judged', async () => {
  const cases = [pair(' good', ' sad dog'), pair('', ' bad', 'the dog was')]
  const { scores } = await verdicts(`likelihood ${model}`, cases)
  const { model: own, parameters, tokenizer } = await loadCheckpoint(model)
  for (const [i, { prompt, a, b }] of cases.entries())
    for (const [completion, found] of [
      [a, scores!.a[i]!],
      [b, scores!.b[i]!],
    ] as const) {
      const example = exampleOf(tokenizer, prompt, completion, 32)
      const alone = own.logProbabilities(parameters, sequencesOf(pad([example], { context: 32 })))
      const expected = (await read(reference(), alone))[0]! / example.completion.length
      assert.ok(Math.abs(found - expected) < 1e-9, `${completion}: ${found} is not ${expected}`)
    }
})

test('command: a program gets every pair in both orders, as JSON lines', async () => {
  const echo = program(`for (const { prompt, a, b } of lines) {
  console.log(JSON.stringify({ winner: prompt !== 'x' ? 'tie' : a.length > b.length ? 'a' : 'b' }))
}`)
  const { preferences, consistent } = await verdicts(`command ${echo}`, [
    pair('longer', 'no', 'x'),
    pair('longer', 'no'),
    pair('a\nb', 'a "c"', 'x'),
  ])
  assert.deepEqual(preferences, [1, 0.5, 0])
  assert.equal(consistent?.rate, 1)
})

for (const { what, body, says } of [
  {
    what: 'crashes',
    body: `console.log('{"winner": "a"}'); console.error('no key'); process.exit(3)`,
    says: /ended with exit code 3 after 1 of 2 verdicts\nIt said:\nno key/,
  },
  { what: 'answers nonsense', body: `console.log('a wins')`, says: /answered 'a wins' as verdict 1; expected \{"winner": "a"\}/ },
  { what: 'answers too little', body: `console.log('{"winner": "tie"}')`, says: /gave 1 verdicts, expected 2/ },
  { what: 'answers too much', body: `for (let i = 0; i < 3; i++) console.log('{"winner": "b"}')`, says: /gave more verdicts than the 2/ },
  { what: 'hangs', body: 'setTimeout(() => {}, 1e6)', says: /said nothing for 1 s, after 0 of 2 verdicts.*--judge-timeout/ },
])
  test(`a program that ${what} is an error that says so`, async () => {
    const judge = await judgeOf(`command ${program(body)}`, 1)
    await assert.rejects(
      async () => verdictsOf(judge, [pair('a', 'b')]),
      (error) => error instanceof JudgeError && says.test(error.message),
    )
  })

test('a program is ended, with whatever it has started, when its verdicts are no longer wanted', async () => {
  const [stop, beats] = [new AbortController(), file('beats', '')]
  const heart = `setInterval(() => require('node:fs').appendFileSync(${JSON.stringify(beats)}, '.'), 10)`
  const nested = program(`const { spawn } = await import('node:child_process')\nspawn(process.execPath, ['-e', ${JSON.stringify(heart)}])`)
  const judge = await findJudge(`command ${nested}`, { backend: reference(), timeout: 60, signal: stop.signal })
  const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))
  const beating = async () => {
    while (readFileSync(beats, 'utf8') === '') await pause(10)
    stop.abort()
  }
  await assert.rejects(Promise.all([verdictsOf(judge, [pair('a', 'b')]), beating()]), Interrupted)
  await pause(100)
  const last = readFileSync(beats, 'utf8')
  await pause(100)
  assert.equal(readFileSync(beats, 'utf8'), last)
})

test('a program that is not there is an error that says so', async () => {
  const judge = await judgeOf('command ./nobody-at-home')
  await assert.rejects(
    async () => verdictsOf(judge, [pair('a', 'b')]),
    /judge '\.\/nobody-at-home' ended with exit code 127[\s\S]*not found/,
  )
})

test('reward: a model trained on pairs tells held-out ones apart, and judges; it gives numbers, not text', async () => {
  const out = join(folder, 'reward')
  const args = ['--model', model, '--data', data.pairs, '--out', out, '--epochs', '6', '--batch', '2', '--lr', '0.02', '--eval', '0.25']
  const run = await halograd('train', 'reward', ...args, '--backend', 'reference', '--json')
  assert.equal(run.code, 0, run.err)
  const { before, after } = JSON.parse(run.out).heldOut
  assert.ok(after.metrics.loss < before.metrics.loss - 0.1)
  assert.equal(after.metrics['rewards/accuracies'], 1)
  assert.match(run.err, /halograd judge --judge 'reward .*reward'/)
  const { preferences, scores } = await verdicts(`reward ${out}`, [pair(' good', ' bad'), pair(' bad', ' good', 'the dog is')])
  assert.deepEqual(preferences, [1, 0])
  const { model: own, parameters, tokenizer } = await loadRewardModel(out)
  const alone = own.score(parameters, sequencesOf(pad([exampleOf(tokenizer, 'the cat is', ' good')], { context: 32 }))).logProbability
  assert.ok(Math.abs((await read(reference(), alone))[0]! - scores!.a[0]!) < 1e-9)

  const text = await halograd('generate', '--model', out, '--prompt', 'the cat')
  assert.match(
    text.err,
    /config\.json, field architectures: expected LlamaForCausalLM, found "LlamaForSequenceClassification"\. This is a reward model/,
  )
  await assert.rejects(judgeOf(`reward ${model}`), /expected LlamaForSequenceClassification, found "LlamaForCausalLM".*train reward/)
})

// ------------------------------------------------------------------ questions

test('every prompt is asked once, with what people liked; held-out ones are those of training', () => {
  const rows = parseRows(
    [
      { prompt: 'p', completion: 'bad', label: false },
      { prompt: 'q', completion: 'only bad', label: false },
      { prompt: 'p', completion: 'good', label: true },
      { prompt: 'p', completion: 'also good', label: true },
    ]
      .map((row) => JSON.stringify(row))
      .join('\n'),
    'rows.jsonl',
  )
  const ask = (answered: boolean) => questionsOf(rows, 'rows.jsonl', { answered, seed: 0 })
  assert.deepEqual(ask(true), [{ row: 0, prompt: 'p', target: 'good' }])
  assert.deepEqual(ask(false), [
    { row: 0, prompt: 'p', target: 'good' },
    { row: 1, prompt: 'q' },
  ])
  const many = parseRows(pairs.map((row) => JSON.stringify(row)).join('\n'), 'pairs.jsonl')
  const spared = questionsOf(many, 'pairs.jsonl', { answered: true, heldOut: 0.25, seed: 3 })
  assert.deepEqual(
    spared.map(({ row }) => many[row]),
    [...holdOut(many, 0.25, 3).heldOut],
  )
  const some = questionsOf(many, 'pairs.jsonl', { answered: true, limit: 3, seed: 3 })
  assert.equal(some.length, 3)
})

// ------------------------------------------------------------------ the command

const judge = (...args: readonly string[]) =>
  halograd('judge', '--model', model, '--max-tokens', '6', '--backend', 'reference', '--json', ...args)

test('judge: against the data, with several judges; the report holds every answer', async () => {
  const out = join(folder, 'report.json')
  const run = await judge('--data', data.judged, '--judge', 'lexicon', '--judge', 'length', '--out', out)
  assert.equal(run.code, 0, run.err)
  const report = JSON.parse(run.out)
  assert.equal(report.questions, 8)
  assert.deepEqual(
    report.judges.map(({ judge }: { judge: string }) => judge),
    ['lexicon AFINN-111', 'length'],
  )
  assert.deepEqual(report.judges[0].scores.b, { mean: 3, low: 3, high: 3, cases: 8 })
  for (const { winRate, wins, ties, losses } of report.judges) {
    assert.equal(wins + ties + losses, 8)
    assert.equal(winRate.rate, (wins + ties / 2) / 8)
    assert.ok(winRate.low < winRate.rate + 1e-9 && winRate.high > winRate.rate - 1e-9)
  }
  assert.equal(report.a.ended.cases, 8)
  const saved = JSON.parse(readFileSync(out, 'utf8'))
  assert.equal(saved.cases.length, 8)
  assert.deepEqual([saved.cases[0].prompt, saved.cases[0].b, saved.cases[0].preferences.length], ['the cat is', ' good', 2])
  assert.match(run.err, /judge: lexicon AFINN-111\n {2}A wins \d+ %/)
})

test('judge: a model against itself draws the same answers, so all are ties; another model does not', async () => {
  const itself = JSON.parse((await judge('--data', data.pairs, '--against', model, '--judge', 'length')).out)
  assert.deepEqual([itself.judges[0].winRate.rate, itself.judges[0].ties, itself.longer.mean], [0.5, 8, 0])
  const another = JSON.parse((await judge('--data', data.pairs, '--against', other, '--judge', `likelihood ${model}`)).out)
  assert.ok(another.judges[0].ties < 8)
})

test('judge: the same seed gives the same answers, another does not; --held-out and --prompts choose', async () => {
  const answers = async (...args: readonly string[]) => {
    const out = join(folder, 'answers.json')
    const run = await judge('--data', data.pairs, '--judge', 'length', '--out', out, ...args)
    assert.equal(run.code, 0, run.err)
    return JSON.parse(readFileSync(out, 'utf8')).cases
  }
  assert.deepEqual(await answers('--seed', '1'), await answers('--seed', '1', '--batch', '8'))
  assert.notDeepEqual(await answers('--seed', '1'), await answers('--seed', '2'))
  assert.equal((await answers('--held-out', '0.25')).length, 2)
  assert.equal((await answers('--prompts', '5')).length, 5)
})

test('judges lists the files of their folder; a file of one’s own is a judge, too', async () => {
  const listed: readonly { readonly judge: string }[] = JSON.parse((await halograd('judges', '--json')).out)
  const files = readdirSync(new URL('../../app/judge/judges/', import.meta.url)).sort()
  assert.deepEqual(
    listed.map(({ judge }) => `${judge.split(' ')[0]}.ts`),
    files,
  )
  const own = file(
    'vowels.ts',
    `export default { name: 'vowels', score: (answers: { completion: string }[]) => answers.map(({ completion }) => completion.match(/[aeiou]/g)?.length ?? 0) }\n`,
  )
  const run = await judge('--data', data.pairs, '--judge', own)
  assert.equal(run.code, 0, run.err)
  assert.equal(JSON.parse(run.out).judges[0].scores.b.mean, 2)
})

for (const { what, args, says, code } of [
  { what: 'an unknown judge', args: ['--judge', 'jury'], says: /there is no judge 'jury'\. Known are command, length, lexicon/, code: 2 },
  {
    what: 'a judge without what it needs',
    args: ['--judge', 'likelihood'],
    says: /expected --judge 'likelihood <dir>', found nothing after its name/,
    code: 2,
  },
  { what: 'a pattern that is none', args: ['--judge', 'regex ('], says: /--judge regex: Invalid regular expression/, code: 2 },
  { what: 'a judge that is not there', args: ['--judge', 'likelihood ./nowhere'], says: /nowhere.*no such file/, code: 1 },
  {
    what: 'a file that exports no judge',
    args: ['--judge', file('nothing.ts', 'export default 1\n')],
    says: /to export a judge by default/,
    code: 2,
  },
  {
    what: 'plain texts',
    args: ['--judge', 'length', '--data', jsonLines(join(folder, 'texts.jsonl'), texts)],
    says: /texts\.jsonl: expected rows with prompts, found plain texts/,
    code: 1,
  },
  {
    what: 'nothing to beat',
    args: [
      '--judge',
      'length',
      '--data',
      jsonLines(
        join(folder, 'bad.jsonl'),
        judged.filter(({ label }) => !label),
      ),
    ],
    says: /expected at least one chosen or desirable completion, found none.*--against/,
    code: 1,
  },
  { what: 'answers longer than the context', args: ['--judge', 'length', '--max-tokens', '32'], says: /--max-tokens.*no room/, code: 2 },
  { what: 'a directory as report', args: ['--judge', 'length', '--out', model], says: /--out: .* is a directory; give a file/, code: 2 },
])
  test(`judge refuses ${what} with words`, async () => {
    const run = await judge('--data', data.judged, ...args)
    assert.equal(run.code, code, run.err)
    assert.match(run.err, says)
    assert.doesNotMatch(run.err, /\n\s+at |not expected/)
    assert.equal(run.out, '')
  })

test('a judge that fails leaves no report', async () => {
  const out = join(folder, 'never.json')
  const run = await judge('--data', data.judged, '--judge', `command ${program('process.exit(1)')}`, '--out', out)
  assert.equal(run.code, 1)
  assert.match(run.err, /^error: judge '.*' ended with exit code 1/m)
  assert.ok(!existsSync(out))
})
