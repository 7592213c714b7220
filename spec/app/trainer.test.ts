/** What a run can do beside stepping: follow its reference model, stop for reasons, be judged, show what it writes, call the user's own module. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { bestOf, recentKl, sinceBest } from '../../app/run/selection.ts'
import { halograd, interrupted, jsonLines, judged, temporary, tinyModel } from './fixture.ts'

const folder = temporary()
const model = await tinyModel(join(folder, 'model'))
const data = jsonLines(join(folder, 'data.jsonl'), [...judged, ...judged])
const align = ['align', '--halo', 'kto', '--model', model, '--data', data, '--batch', '4', '--lr', '0.02', '--threads', '1'] as const
const outOf = (name: string): string => join(folder, name)
const rowsIn = (out: string): readonly Readonly<Record<string, number>>[] =>
  readFileSync(join(out, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
const weightsIn = (out: string): string => readFileSync(join(out, 'model.safetensors')).toString('hex')

test('--judge measures the win rate against the start; --best and --patience go by it', async () => {
  const out = outOf('judged')
  const run = await halograd(...align, '--steps', '8', '--judge', 'regex a', '--samples', '6', '--eval-every', '2', '--best', '--out', out)
  assert.equal(run.code, 0, run.err)
  const rates = rowsIn(out).flatMap(({ step, eval_win_rate }) => (eval_win_rate === undefined ? [] : [[step, eval_win_rate]]))
  assert.deepEqual(
    rates.map(([step]) => step),
    [0, 2, 4, 6, 8],
  )
  assert.equal(rates[0]?.[1], 0.5)
  assert.ok(rates.every(([, rate = -1]) => Number.isInteger(12 * rate)))
  assert.match(run.err, /win rate against start/)
})

test('the best row has the highest win rate where there is one, else the lowest loss', () => {
  const row = (step: number, eval_loss: number, eval_win_rate?: number) => ({
    ...{ step, epoch: 1, tokens: 1, eval_loss },
    ...(eval_win_rate !== undefined && { eval_win_rate }),
  })
  assert.equal(bestOf([row(0, 1), row(1, 0.5), row(2, 0.7)])?.step, 1)
  const rows = [row(0, 1, 0.5), row(1, 0.5, 0.4), row(2, 0.7, 0.8), row(3, 0.2, 0.6)]
  assert.deepEqual([bestOf(rows)?.step, sinceBest(rows)], [2, 1])
  assert.equal(recentKl([1, 1, 1, 1, 1, 9].map((kl, i) => ({ ...row(i, 0), kl }))), 13 / 5)
  assert.equal(recentKl([row(1, 0)]), undefined)
})

test('--max-kl stops, with a reason and a model; without it the run goes on', async () => {
  const run = await halograd(...align, '--steps', '30', '--max-kl', '0.01', '--out', outOf('near'), '--json')
  assert.equal(run.code, 0, run.err)
  const result = JSON.parse(run.out)
  assert.ok(result.stoppedEarly && result.steps < 30, `${result.steps} steps`)
  assert.match(run.err, /Stopped, as the policy is \d+\.\d+ nats from the reference model \(--max-kl\), after/)
  assert.ok(existsSync(join(outOf('near'), 'model.safetensors')))
})

test('--sample-every prints the same prompts during the run, and before beside after at its end', async () => {
  const run = await halograd(
    ...align,
    '--steps',
    '4',
    '--sample-every',
    '2',
    '--samples',
    '2',
    '--sample-tokens',
    '5',
    '--out',
    outOf('shown'),
  )
  assert.equal(run.code, 0, run.err)
  assert.match(run.err, /samples after step 2:\n {2}.* → [\s\S]*samples after step 4:/)
  assert.match(run.err, /before: .*\n {4}after: {2}/)
})

test('--callback sees every row, and its "stop" ends the run', async () => {
  const [module, seen] = [join(folder, 'own.mjs'), join(folder, 'seen.txt')]
  writeFileSync(
    module,
    `import { appendFileSync } from 'node:fs'
export default (row, { steps }) => {
  appendFileSync(${JSON.stringify(seen)}, \`\${row.step}/\${steps} \${row.loss > 0}\\n\`)
  if (row.step === 3) return 'stop'
}`,
  )
  const run = await halograd(...align, '--steps', '9', '--callback', module, '--out', outOf('called'))
  assert.equal(run.code, 0, run.err)
  assert.equal(readFileSync(seen, 'utf8'), '1/9 true\n2/9 true\n3/9 true\n')
  assert.match(run.err, /Stopped, as --callback asked for it, after 3 steps/)
  const number = join(folder, 'number.mjs')
  writeFileSync(number, 'export default 7')
  const refused = await halograd(...align, '--callback', number, '--out', outOf('refused'))
  assert.equal(refused.code, 2)
  assert.match(refused.err, /--callback: expected .*number\.mjs to export a function by default/)
})

test('a run whose reference follows the policy, stopped and resumed, ends with the same bits; a fixed reference gives others', async () => {
  const options = [...align, '--steps', '8', '--sync-reference', '2', '--mix', '0.5', '--save-every', '1'] as const
  const [whole, parts, fixed] = [outOf('whole'), outOf('parts'), outOf('fixed')]
  assert.equal((await halograd(...options, '--out', whole)).code, 0)
  const stopped = await interrupted(/first step/, ...options, '--out', parts)
  assert.equal(stopped.code, 130, stopped.err)
  const resumed = await halograd(...options, '--out', parts, '--resume')
  assert.equal(resumed.code, 0, resumed.err)
  assert.equal(weightsIn(parts), weightsIn(whole))
  assert.equal((await halograd(...align, '--steps', '8', '--out', fixed)).code, 0)
  assert.notEqual(weightsIn(fixed), weightsIn(whole))
})

test('--reference is another model, of the same shape', async () => {
  const [further, same] = [outOf('further'), outOf('same')]
  const more = [...align.map((each) => (each === model ? outOf('whole') : each)), '--steps', '3'] as const
  const run = await halograd(...more, '--reference', model, '--out', further)
  assert.equal(run.code, 0, run.err)
  assert.ok(!run.err.includes('as it must be'), 'the policy is not the reference model at its first step')
  assert.equal((await halograd(...more, '--out', same)).code, 0)
  assert.notEqual(weightsIn(further), weightsIn(same))
  const other = await tinyModel(join(folder, 'other'), { hidden: 12 })
  const refused = await halograd(...more, '--reference', other, '--out', outOf('shapes'))
  assert.equal(refused.code, 2)
  assert.match(refused.err, /--reference: expected a model with the config\.json of --model/)
})

for (const { options, says } of [
  { options: ['--mix', '0.5'], says: /--mix says how the reference model follows/ },
  { options: ['--lora', '2', '--reference', model], says: /--reference: adapters have the model beside them/ },
  { options: ['--lora', '2', '--sync-reference', '3', '--mix', '0.5'], says: /--mix: a mean of adapters/ },
  { options: ['--halo', 'kto-surprisal', '--sync-reference', '3'], says: /has no reference model/ },
  { options: ['--halo', 'ppo-value', '--sample-every', '3'], says: /need a model that writes/ },
])
  test(`refused before anything is read: ${options.filter((each) => each !== model).join(' ')}`, async () => {
    const run = await halograd(...align, ...options, '--out', outOf('none'))
    assert.equal(run.code, 2, run.err)
    assert.match(run.err, says)
  })

test('--curriculum takes examples by their weight', async () => {
  const weighed = jsonLines(
    join(folder, 'weighed.jsonl'),
    judged.map((row, i) => ({ ...row, weight: 1 + i })),
  )
  const heaviest = [...align.map((each) => (each === data ? weighed : each)), '--eval', '0', '--steps', '4'] as const
  const runs = [[], ['--curriculum', 'heaviest-first'], ['--curriculum', 'lightest-first'], ['--in-order']] as const
  const weights: string[] = []
  for (const [i, more] of runs.entries()) {
    const run = await halograd(...heaviest, ...more, '--out', outOf(`order-${i}`))
    assert.equal(run.code, 0, run.err)
    weights.push(weightsIn(outOf(`order-${i}`)))
  }
  assert.equal(weights[2], weights[3], 'the data are in this order')
  assert.equal(new Set(weights).size, 3)
})

test('watch prints the curves and metrics of a run, and ends when it has', async () => {
  const seen = await halograd('watch', outOf('whole'))
  assert.equal(seen.code, 0, seen.err)
  assert.match(seen.out, /whole: step 8, epoch [\d.]+\n[\s\S]*rewards\/margins[\s\S]*finished\n$/)
  assert.equal(JSON.parse((await halograd('watch', outOf('whole'), '--json')).out).step, 8)
  assert.equal((await halograd('watch', folder)).code, 1)
})

// ------------------------------------------------------------------ optimizers

test('--optimizer: sgd, adafactor and a file of one’s own descend, each otherwise; one that is unknown is refused', async () => {
  const own = join(folder, 'signs.mjs')
  writeFileSync(
    own,
    `import { sgd } from ${JSON.stringify(new URL('../../models/index.ts', import.meta.url).href)}
export default ({ rate, maxNorm }) => sgd({ rate, maxNorm, momentum: 0 })`,
  )
  const ends = new Set<string>()
  for (const optimizer of ['adamw', 'sgd', 'adafactor', own]) {
    const out = outOf(`optimizer-${ends.size}`)
    const run = await halograd(...align, '--steps', '6', '--optimizer', optimizer, '--out', out)
    assert.equal(run.code, 0, run.err)
    const losses = rowsIn(out).flatMap(({ loss }) => loss ?? [])
    assert.ok(losses.at(-1)! < losses[0]!, `${optimizer}: ${losses}`)
    ends.add(weightsIn(out))
  }
  assert.equal(ends.size, 4)
  const unknown = await halograd(...align, '--optimizer', 'lion', '--out', outOf('none'))
  assert.equal(unknown.code, 2)
  assert.match(unknown.err, /there is no 'lion'\. Known are adamw, adafactor and sgd/)
  const contradictory = await halograd(...align, '--optimizer', 'sgd', '--adam-beta1', '0.8', '--out', outOf('none'))
  assert.match(contradictory.err, /settings of adamw, not of sgd/)
})

test('what rewards accuracy is by chance stands beside it', async () => {
  const run = await halograd(...align, '--steps', '2', '--eval', '0.3', '--out', outOf('chance'), '--json')
  assert.equal(run.code, 0, run.err)
  const { chance } = JSON.parse(run.out)
  assert.ok(chance >= 0.5 && chance <= 1)
  assert.match(run.err, /rewards accuracy .*always guessing the more frequent label: \d\.\d\d\)/)
})

// ------------------------------------------------------------------ train lm

test('train lm: a model from a text alone, packed into windows; another text goes on from it', async () => {
  const book = join(folder, 'book.txt')
  writeFileSync(book, 'the cat sat on the mat, and the dog sat on the cat. a good cat is a happy cat. '.repeat(60))
  const small = ['--vocabulary', '270', '--context', '16', '--embed', '8', '--layers', '1', '--heads', '2', '--threads', '1'] as const
  const out = outOf('lm')
  const run = await halograd('train', 'lm', '--data', book, ...small, '--steps', '12', '--batch', '8', '--lr', '0.02', '--out', out)
  assert.equal(run.code, 0, run.err)
  assert.match(run.err, /a new model: 1 layers of 8, context 16, a vocabulary of 270 learnt from the text/)
  const losses = rowsIn(out).flatMap(({ loss }) => loss ?? [])
  assert.ok(losses.at(-1)! < 0.8 * losses[0]!, losses.join())
  assert.equal((await halograd('generate', '--model', out, '--prompt', 'the cat', '--max-tokens', '4')).code, 0)
  const further = await halograd(
    'train',
    'lm',
    '--data',
    book,
    '--model',
    out,
    '--steps',
    '2',
    '--batch',
    '8',
    '--threads',
    '1',
    '--out',
    outOf('lm2'),
  )
  assert.equal(further.code, 0, further.err)
  assert.ok(rowsIn(outOf('lm2'))[1]!.loss! < losses[0]!)
  const short = join(folder, 'short.txt')
  writeFileSync(short, 'a cat')
  const refused = await halograd('train', 'lm', '--data', short, ...small, '--out', outOf('none'))
  assert.equal(refused.code, 2)
  assert.match(refused.err, /tokens make 0 windows of 16 to train on, fewer than a batch of 16/)
})
