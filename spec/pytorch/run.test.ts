/**
 * The exported run, started by torchrun as a user would: two processes (gloo) with two micro-batches each find the losses of one process of halograd,
 * to 1e-5, over 30 steps of KTO. Without pooling z₀ they do not, which is the control.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { animals, halograd, jsonLines, temporary, tinyModel } from '../app/fixture.ts'
import { byPython, formatted, withoutBlack, withoutTorch } from './python.ts'

const folder = temporary()
const model = await tinyModel(join(folder, 'model'))
/** Mostly desirable: completions become likelier elsewhere, too, on some ranks more than on others. */
const endings = [' good', ' bad', ' happy', ' sad', ' on the mat', ' a cat; a dog', ' the cat sat']
const data = jsonLines(
  join(folder, 'data.jsonl'),
  animals.flatMap((animal, i) =>
    endings.map((completion, j) => ({ prompt: `the ${animal} ${j % 2 ? 'is' : 'was'}`, completion, label: (3 * i + 2 * j) % 5 > 0 })),
  ),
)
const steps = 30
const asked = [
  '--halo',
  'kto',
  '--beta',
  '0.5',
  '--model',
  model,
  '--data',
  data,
  '--steps',
  `${steps}`,
  '--batch',
  '12',
  '--lr',
  '2e-2',
  '--eval',
  '0',
  '--save-every',
  '0',
]
const losses = (file: string, key: string): readonly number[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line)[key])
const furthest = (one: readonly number[], other: readonly number[]): number => Math.max(...one.map((x, i) => Math.abs(x - other[i]!)))
/** PyTorch 1.13 does not start under Python 3.11 without them: 0, their default, is no member of its flags there. */
const streams = ['--redirects', '1', '--tee', '1']
const torchrun = (out: string, processes: number, ...options: readonly string[]) => {
  const ran = byPython(
    '-m',
    'torch.distributed.run',
    ...streams,
    '--standalone',
    '--nproc_per_node',
    `${processes}`,
    join(out, 'train.py'),
    '--plain',
    ...options,
  )
  assert.equal(ran.status, 0, ran.err.slice(-3000))
  return losses(join(out, 'metrics.jsonl'), 'loss')
}

test('two processes, two micro-batches each, are one process here; without pooling they are not', { skip: withoutTorch }, async () => {
  const here = join(folder, 'here')
  const trained = await halograd('align', ...asked, '--backend', 'wasm', '--threads', '1', '--out', here)
  assert.equal(trained.code, 0, trained.err)
  const ours = losses(join(here, 'metrics.jsonl'), 'loss')
  assert.equal(ours.length, steps)
  assert.ok(
    losses(join(here, 'metrics.jsonl'), 'z0').some((z0) => z0 > 0.01),
    'z0 is never above 0: nothing would be pooled',
  )

  const out = join(folder, 'handover')
  const exported = await halograd('export', 'run', here, '--out', out)
  assert.equal(exported.code, 0, exported.err)
  const theirs = torchrun(out, 2, '--accumulate', '2')
  assert.ok(furthest(theirs, ours) < 1e-5, `${furthest(theirs, ours)}`)
  const apart = torchrun(out, 2, '--accumulate', '2', '--no-pooling', '--out', join(folder, 'apart'))
  assert.ok(furthest(apart, ours) > 1e-4, `${furthest(apart, ours)}`)

  // What was trained there is a model here.
  assert.ok(existsSync(join(out, 'trained', 'tokenizer.json')))
  const again = await halograd(
    'generate',
    '--model',
    join(out, 'trained'),
    '--backend',
    'reference',
    '--prompt',
    'the cat is',
    '--max-tokens',
    '2',
  )
  assert.equal(again.code, 0, again.err)
})

test('a loss that was tampered with is not trained', { skip: withoutTorch }, async () => {
  const out = join(folder, 'tampered')
  const config = join(folder, 'run.json')
  const flags = Object.fromEntries(asked.flatMap((flag, i) => (flag.startsWith('--') ? [[flag.slice(2), asked[i + 1]!]] : [])))
  writeFileSync(config, JSON.stringify({ ...flags, lora: 2, out: join(folder, 'nowhere') }))
  assert.equal((await halograd('export', 'run', '--config', config, '--out', out)).code, 0)
  const adapters = byPython(join(out, 'train.py'), '--plain', '--steps', '2', '--out', join(out, 'adapters'))
  assert.equal(adapters.status, 0, adapters.err)
  const merged = await halograd(
    'export',
    '--model',
    model,
    '--adapters',
    join(out, 'adapters'),
    '--backend',
    'reference',
    '--out',
    join(folder, 'merged'),
  )
  assert.equal(merged.code, 0, merged.err)

  const file = join(out, 'halo_loss.py')
  writeFileSync(file, readFileSync(file, 'utf8').replace('.detach()', ' * 1.001'))
  const ran = byPython(join(out, 'train.py'), '--plain')
  assert.notEqual(ran.status, 0)
  assert.match(ran.err, /KTO is not what halograd exported; nothing is trained/)
})

test('what train.py does not do is refused by name, and nothing is written', async () => {
  const refused = async (message: RegExp, change: Readonly<Record<string, unknown>>) => {
    const config = join(folder, 'refused.json')
    writeFileSync(config, JSON.stringify({ halo: 'kto', model, data, eval: 0, out: join(folder, 'nowhere'), ...change }))
    const { code, err } = await halograd('export', 'run', '--config', config, '--out', join(folder, 'never'))
    assert.ok(code !== 0)
    assert.match(err, message)
  }
  await refused(/PPO with a value head needs a value head, which train\.py has not/, { halo: 'ppo-value' })
  await refused(/--dropout: train\.py has none/, { dropout: 0.1 })
  await refused(/expected one of .*, found nonsense/, { nonsense: 1 })
  assert.match((await halograd('export', 'run', '--out', join(folder, 'never'))).err, /give the directory of a run, or --config/)
  assert.ok(!existsSync(join(folder, 'never')))
})

test('its files are formatted as black formats', { skip: withoutBlack }, () => {
  const python = ['train.py', 'plain_model.py', 'lora.py'].map(
    (name) => new URL(`../../app/handover/python/${name}`, import.meta.url).pathname,
  )
  const { status, out } = formatted(...python)
  assert.equal(status, 0, out.slice(0, 1000))
})
