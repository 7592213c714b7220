/** Every command, from its arguments to its files and exit code, on a model of a few hundred weights. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { halograd, jsonLines, judged, pairs, temporary, texts, tinyModel } from './fixture.ts'

const folder = temporary()
const model = await tinyModel(join(folder, 'model'))
const data = { judged: jsonLines(join(folder, 'judged.jsonl'), judged), pairs: jsonLines(join(folder, 'pairs.jsonl'), pairs) }
const on = ['--backend', 'reference'] as const
const saved = [
  'checkpoints',
  'config.json',
  'events',
  'generation_config.json',
  'metrics.csv',
  'metrics.jsonl',
  'model.safetensors',
  'run.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'training.json',
]

const near = (x: number, y: number, tolerance: number): void => assert.ok(Math.abs(x - y) <= tolerance, `${x} is not ${y} ± ${tolerance}`)

test('align by KTO: step 0 is λ/2, the margin grows, the directory loads again and generates', async () => {
  const out = join(folder, 'kto')
  const args = [
    '--model',
    model,
    '--data',
    data.judged,
    '--out',
    out,
    ...['--epochs', '6', '--batch', '4', '--lr', '0.02', '--eval', '0.25'],
  ]
  const run = await halograd('align', '--halo', 'kto', ...args, '--json', ...on)
  assert.equal(run.code, 0, run.err)
  const result = JSON.parse(run.out)
  near(result.firstLosses[0], 0.5, 1e-6)
  near(result.heldOut.before.metrics.loss, 0.5, 1e-6)
  assert.ok(result.heldOut.after.metrics['rewards/margins'] > result.heldOut.before.metrics['rewards/margins'] + 0.01)
  assert.equal(result.heldOut.after.metrics['rewards/accuracies'], 1)
  assert.deepEqual(readdirSync(out).sort(), saved)
  const lines = readFileSync(join(out, 'metrics.jsonl'), 'utf8').trim().split('\n')
  assert.equal(lines.length, 1 + result.steps)
  near(JSON.parse(lines[0]!).eval_loss, 0.5, 1e-6)
  near(JSON.parse(lines[1]!).loss, 0.5, 1e-6)
  assert.equal(JSON.parse(lines.at(-1)!).eval_loss, result.heldOut.after.metrics.loss)
  const rows: readonly Record<string, number>[] = lines.map((line) => JSON.parse(line))
  assert.equal(
    rows.at(-1)!.num_tokens,
    rows.reduce((sum, { tokens }) => sum + tokens!, 0),
  )
  assert.ok(rows.slice(1).every((row) => row.entropy! > 0 && row['logits/chosen'] !== undefined && row['logits/rejected'] !== undefined))
  assert.equal(JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')).lr, 0.02)
  assert.match(run.err, /backend: reference, float64 interpreter/)
  assert.match(run.err, /the policy still is the reference model: KTO loss 0\.500000, rewards margin 0\.000000/)
  const text = await halograd('generate', '--model', out, '--prompt', 'the cat', '--max-tokens', '3', ...on)
  assert.equal(text.code, 0, text.err)
  assert.match(text.out, /^the cat/)
})

test('align by DPO: step 0 is log 2; pairs also serve KTO, as twice as many judgements', async () => {
  const args = ['--model', model, '--data', data.pairs, '--steps', '2', '--batch', '4', '--eval', '0', '--json', ...on]
  const dpo = await halograd('align', '--halo', 'dpo', '--out', join(folder, 'dpo'), ...args)
  near(JSON.parse(dpo.out).firstLosses[0], Math.log(2), 1e-6)
  assert.equal(JSON.parse(dpo.out).examples.training, 8)
  const kto = await halograd('align', '--halo', 'KTO', '--out', join(folder, 'kto-pairs'), ...args, '--set', 'desirable=1.2')
  near(JSON.parse(kto.out).firstLosses[0], (1.2 + 1) / 4, 1e-6)
  assert.equal(JSON.parse(kto.out).examples.training, 16)
})

test('accumulating a batch in parts is the same run, to rounding', async () => {
  const args = ['--halo', 'kto', '--model', model, '--data', data.judged, '--steps', '3', '--batch', '8', '--lr', '0.02', '--json', ...on]
  const whole = JSON.parse((await halograd('align', ...args, '--out', join(folder, 'whole'))).out)
  const parts = JSON.parse((await halograd('align', ...args, '--out', join(folder, 'parts'), '--accumulate', '4')).out)
  whole.firstLosses.forEach((loss: number, i: number) => {
    near(parts.firstLosses[i], loss, 1e-9)
  })
})

test('train sft lowers the loss, and counts only what is to be learned', async () => {
  const out = join(folder, 'sft')
  const file = jsonLines(join(folder, 'texts.jsonl'), texts)
  const args = ['--model', model, '--data', file, '--out', out, '--epochs', '8', '--batch', '4', '--lr', '0.02', '--eval', file]
  const run = await halograd('train', 'sft', ...args, '--json', ...on)
  assert.equal(run.code, 0, run.err)
  const { heldOut } = JSON.parse(run.out)
  assert.ok(heldOut.after.metrics.loss < heldOut.before.metrics.loss - 0.5)
  assert.deepEqual(readdirSync(out).sort(), saved)
})

test('the same seed gives the same run; another does not', async () => {
  const losses = async (seed: string): Promise<readonly number[]> => {
    const args = ['--halo', 'kto', '--model', model, '--data', data.judged, '--steps', '3', '--batch', '4', '--lr', '0.05', ...on]
    return JSON.parse((await halograd('align', ...args, '--seed', seed, '--out', join(folder, `seed${seed}`), '--json')).out).firstLosses
  }
  assert.deepEqual(await losses('1'), await losses('1'))
  assert.notDeepEqual(await losses('1'), await losses('2'))
})

test('seeds are told apart to their last bit; those that cannot be are refused', async () => {
  const args = [
    'align',
    '--halo',
    'kto',
    '--model',
    model,
    '--data',
    data.judged,
    '--lora',
    '2',
    '--batch',
    '4',
    '--steps',
    '2',
    '--lr',
    '0.1',
    ...on,
  ]
  const losses = new Set<string>()
  const seeds = [1, 1 + 2 ** 24, 1 + 2 ** 30, 2 ** 31 - 1]
  for (const seed of seeds) {
    const { code, err, out } = await halograd(...args, '--seed', `${seed}`, '--out', join(folder, `bits${seed}`), '--json')
    assert.equal(code, 0, err)
    losses.add(JSON.stringify(JSON.parse(out).last))
  }
  assert.equal(losses.size, seeds.length)
  const { code, err } = await halograd(...args, '--seed', `${2 ** 31}`, '--out', join(folder, 'beyond'))
  assert.equal(code, 2)
  assert.match(err, /--seed <n>.*2147483648.*Expected an integer from 0 to 2147483647/)
})

test('generate prints the text and nothing else; greedy is deterministic, sampling by seed', async () => {
  const generate = async (...args: readonly string[]) => {
    const run = await halograd('generate', '--model', model, '--prompt', 'the cat', '--max-tokens', '8', ...on, ...args)
    assert.equal(run.code, 0, run.err)
    return run.out
  }
  const greedy = await generate('--temperature', '0')
  assert.ok(greedy.startsWith('the cat') && greedy.endsWith('\n'))
  assert.equal(await generate('--temperature', '5', '--top-k', '1'), greedy)
  assert.equal(await generate('--temperature', '2', '--seed', '3'), await generate('--temperature', '2', '--seed', '3'))
  assert.notEqual(await generate('--temperature', '2', '--seed', '3'), await generate('--temperature', '2', '--seed', '4'))
  const json = JSON.parse(await generate('--temperature', '0', '--json'))
  assert.equal(`${json.text}\n`, greedy)
})

test('env tells what is here, what is not and why, and what auto is', async () => {
  const json = JSON.parse((await halograd('env', '--json')).out)
  assert.ok(['wasm', 'reference'].includes(json.auto))
  assert.ok(json.backends.some(({ backend, available }: { backend: string; available: boolean }) => backend === 'reference' && available))
  for (const { detail } of json.backends) assert.ok(detail.length > 3)
  const words = await halograd('env')
  assert.equal(words.out, '')
  assert.match(words.err, /--backend auto is /)
})

test('help explains every command with an example or a default, and ends well', async () => {
  for (const command of [[], ['align'], ['train', 'sft'], ['generate'], ['demo'], ['env']]) {
    const { code, out } = await halograd(...command, '--help')
    assert.equal(code, 0)
    assert.match(out, /^Usage: halograd/)
  }
  assert.match((await halograd('--help')).out, /Exit codes: 0 done, 1 failed, 2 wrong usage, 130 .*, 143/)
})
