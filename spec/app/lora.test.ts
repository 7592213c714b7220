/** `--lora`: adapters are trained and saved, the model stays as it is; what is saved is a model by itself, beside its base, or merged. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { main } from '../../app/cli/main.ts'
import { readWeights } from '../../models/index.ts'
import { halograd, jsonLines, judged, type Outcome, temporary, texts, tinyModel } from './fixture.ts'

const folder = temporary()
const model = await tinyModel(join(folder, 'model'))
const data = jsonLines(join(folder, 'judged.jsonl'), judged)
const align = [
  ...['align', '--halo', 'kto', '--model', model, '--data', data, '--steps', '12', '--batch', '8', '--lr', '0.05', '--lora', '2'],
  ...['--eval', '0', '--backend', 'wasm', '--threads', '1'],
]
const adapters = join(folder, 'adapters')
const once = await halograd(...align, '--out', adapters, '--json')

test('the first step has the loss of the reference model, and later ones are lower', () => {
  assert.equal(once.code, 0, once.err)
  assert.match(once.err, /the policy still is the reference model: KTO loss 0\.500000, rewards margin 0\.000000/)
  assert.ok(JSON.parse(once.out).last.loss < 0.49, once.out)
})

test('what is saved is what PEFT saves, with the name of the model', () => {
  assert.deepEqual(
    readdirSync(adapters).filter((name) => /config|model/.test(name)),
    ['adapter_config.json', 'adapter_model.safetensors'],
  )
  const config = JSON.parse(readFileSync(join(adapters, 'adapter_config.json'), 'utf8'))
  const { base_model_name_or_path, r, lora_alpha, target_modules } = config
  assert.deepEqual(
    { base_model_name_or_path, r, lora_alpha, target_modules },
    { base_model_name_or_path: model, r: 2, lora_alpha: 4, target_modules: ['q_proj', 'v_proj'] },
  )
})

test('beside their model, by themselves, or merged, adapters say the same', async () => {
  const merged = join(folder, 'merged')
  assert.equal((await halograd('export', '--model', model, '--adapters', adapters, '--out', merged)).code, 0)
  const says = async (...which: readonly string[]) => {
    const { code, out, err } = await halograd('generate', ...which, '--prompt', 'the cat', '--max-tokens', '12', '--backend', 'wasm')
    assert.equal(code, 0, err)
    return out
  }
  const text = await says('--model', model, '--adapters', adapters)
  assert.equal(await says('--model', adapters), text)
  assert.equal(await says('--model', merged), text)
  assert.notEqual(await says('--model', model), text)
})

/** Ctrl-C once so much has been said. */
const interrupted = async (when: RegExp, ...args: readonly string[]): Promise<Outcome> => {
  const [stop, said] = [new AbortController(), [''] as string[]]
  const say = (line = '') => {
    said.push(line)
    if (when.test(line)) stop.abort()
  }
  const code = await main(args, { print: () => undefined, say, interactive: false, stop: stop.signal })
  return { code, out: '', err: said.join('\n') }
}

test('a run that was stopped goes on, bit by bit as if it had not been', async () => {
  const out = join(folder, 'stopped')
  const first = await interrupted(/align 1\/12/, ...align, '--out', out, '--save-every', '1')
  assert.equal(first.code, 130, first.err)
  const rest = await halograd(...align, '--out', out, '--resume')
  assert.equal(rest.code, 0, rest.err)
  assert.match(rest.err, /resumed after step [1-9]/)
  for (const file of ['adapter_model.safetensors', 'metrics.jsonl'])
    assert.deepEqual(readFileSync(join(out, file)), readFileSync(join(adapters, file)), file)
})

test('demonstrations are learned by adapters, too, of any modules', async () => {
  const file = jsonLines(join(folder, 'texts.jsonl'), texts)
  const out = join(folder, 'sft')
  const run = await halograd(
    ...['train', 'sft', '--model', model, '--data', file, '--out', out, '--steps', '2', '--batch', '4', '--eval', '0'],
    ...['--lora', '3', '--lora-alpha', '1', '--lora-targets', 'gate_proj,down_proj', '--backend', 'reference'],
  )
  assert.equal(run.code, 0, run.err)
  const layer = 'base_model.model.model.layers.0.mlp'
  assert.deepEqual(
    [...(await readWeights(join(out, 'adapter_model.safetensors')))].map(([name, { shape }]) => [name, shape]),
    [
      [`${layer}.gate_proj.lora_A.weight`, [3, 8]],
      [`${layer}.gate_proj.lora_B.weight`, [16, 3]],
      [`${layer}.down_proj.lora_A.weight`, [3, 16]],
      [`${layer}.down_proj.lora_B.weight`, [8, 3]],
    ],
  )
})

test('what cannot be adapted is refused', async () => {
  const refused = async (message: RegExp, ...args: readonly string[]) => {
    const { code, err } = await halograd(...args, '--out', join(folder, 'never'))
    assert.ok(code !== 0)
    assert.match(err, message)
  }
  await refused(/targets: expected some of q_proj, k_proj, .* found c_attn/, ...align, '--lora-targets', 'c_attn')
  const without = ['align', '--halo', 'kto', '--model', model, '--data', data]
  await refused(/--lora-alpha and --lora-targets say how adapters are made: add --lora/, ...without, '--lora-alpha', '4')
})
