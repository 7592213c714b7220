/** Adapter directories round-trip under PEFT's names; what PEFT would compute differently is refused. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import {
  adapted,
  adapterFiles,
  CheckpointError,
  ConfigError,
  formatSafetensors,
  initializeAdapters,
  type LoraOptions,
  readAdapters,
  readText,
  readWeights,
  writeDirectoryAtomically,
} from '../../models/index.ts'
import { parseAdapterConfig, parseJson } from '../../models/internal.ts'
import { backend, close, flat, numbers, tiny, tokens } from '../models/tiny.ts'

const folder = await mkdtemp(join(tmpdir(), 'halograd-adapters-'))
after(() => rm(folder, { recursive: true }))

const [llama, gpt2] = [tiny[0]!, tiny[1]!]
const text = tokens([[1, 5, 3, 9, 2, 7]])

for (const [{ name, config, parameters }, options] of [
  [llama, { rank: 3, alpha: 6, targets: ['q_proj', 'up_proj'] }],
  [gpt2, { rank: 2, alpha: 1, targets: ['c_attn'] }],
] as const satisfies readonly (readonly [(typeof tiny)[number], LoraOptions])[]) {
  const adapters = initializeAdapters(config, options, 5)
  const directory = join(folder, name)

  test(`${name}: what is saved is what was trained, and makes the same model`, async () => {
    await writeDirectoryAtomically(directory, await adapterFiles(backend, config, options, adapters, 'some/base'))
    assert.deepEqual((await readdir(directory)).sort(), ['adapter_config.json', 'adapter_model.safetensors'])
    const read = await readAdapters(directory, config)
    assert.deepEqual(read.options, options)
    close(await flat(read.adapters), await flat(adapters), 1e-7)
    const logits = (a: typeof adapters) => numbers(adapted(config, parameters, read.options).logits(a, text))
    close(await logits(read.adapters), await logits(adapters), 1e-6)
  })

  test(`${name}: the configuration says to PEFT what it must know`, async () => {
    const json: unknown = parseJson(await readText(join(directory, 'adapter_config.json')))
    const { peft_type, r, lora_alpha, fan_in_fan_out } = json as Readonly<Record<string, unknown>> // just written
    assert.deepEqual(
      { peft_type, r, lora_alpha, fan_in_fan_out },
      { peft_type: 'LORA', r: options.rank, lora_alpha: options.alpha, fan_in_fan_out: name === 'gpt2' },
    )
    assert.deepEqual(parseAdapterConfig(json, config), options)
  })
}

test('tensors that the configuration does not name are not left aside in silence', async () => {
  const directory = join(folder, 'more')
  const options = { rank: 3, alpha: 6, targets: ['q_proj', 'v_proj'] }
  await writeDirectoryAtomically(
    directory,
    await adapterFiles(backend, llama.config, options, initializeAdapters(llama.config, options, 1), 'base'),
  )
  const config = join(directory, 'adapter_config.json')
  await writeFile(config, (await readText(config)).replace(/,\s*"v_proj"/, ''))
  await assert.rejects(readAdapters(directory, llama.config), (error) => {
    assert.ok(error instanceof CheckpointError)
    assert.equal(error.findings.length, 4)
    assert.match(error.message, /v_proj\.lora_A\.weight: expected adapters of q_proj only/)
    return true
  })
  const weights = [...(await readWeights(join(directory, 'adapter_model.safetensors'))).values()]
  await writeFile(join(directory, 'adapter_model.safetensors'), formatSafetensors(weights.slice(1)))
  await assert.rejects(readAdapters(directory, llama.config), /q_proj\.lora_A\.weight: expected shape \[3, 8\], found no such tensor/)
})

test('every variant that would be computed wrongly is refused, all at once', () => {
  const plain = { peft_type: 'LORA', r: 2, lora_alpha: 4, target_modules: ['q_proj'] }
  assert.deepEqual(parseAdapterConfig(plain, llama.config), { rank: 2, alpha: 4, targets: ['q_proj'] })
  const cases: readonly (readonly [string, unknown])[] = [
    ['peft_type', 'LOHA'],
    ['bias', 'all'],
    ['fan_in_fan_out', true],
    ['use_rslora', true],
    ['use_dora', true],
    ['lora_bias', true],
    ['rank_pattern', { q_proj: 4 }],
    ['alpha_pattern', { q_proj: 4 }],
    ['modules_to_save', ['lm_head']],
    ['layers_to_transform', [0]],
    ['exclude_modules', ['v_proj']],
    ['init_lora_weights', 'pissa_niter_4'],
    ['alora_invocation_tokens', [3, 4]],
    ['trainable_token_indices', [3]],
    ['some_new_scaling', 0.5],
    ['target_modules', 7],
    ['r', 0],
    ['lora_alpha', '16'],
  ]
  const refused = (json: unknown): readonly (string | undefined)[] => {
    try {
      parseAdapterConfig(json, llama.config)
    } catch (error) {
      assert.ok(error instanceof ConfigError)
      return error.findings.map(({ field }) => field)
    }
    return []
  }
  for (const [field, value] of cases) assert.deepEqual(refused({ ...plain, [field]: value }), [field])
  for (const init of ['olora', 'corda', 'loftq', 'pissa'])
    assert.deepEqual(refused({ ...plain, init_lora_weights: init }), ['init_lora_weights'])
  const taken: readonly (readonly [string, unknown])[] = [
    ['modules_to_save', []],
    ['exclude_modules', []],
    ['init_lora_weights', 'gaussian'],
    ['init_lora_weights', false],
    ['lora_dropout', 0.1],
    ['alora_invocation_tokens', null],
    ['loftq_config', {}],
    ['target_modules', 'all-linear'],
  ]
  for (const [field, value] of taken) assert.deepEqual(refused({ ...plain, [field]: value }), [])
  assert.deepEqual([...refused({ ...plain, ...Object.fromEntries(cases) })].sort(), cases.map(([field]) => field).sort())
  assert.throws(() => parseAdapterConfig([], llama.config), ConfigError)
})

test('modules are named by the ends of their names, whole, by a regular expression, or all at once', () => {
  const modules = (targets: LoraOptions['targets']) => Object.keys(initializeAdapters(llama.config, { rank: 1, alpha: 1, targets }, 1))
  const queries = modules(['q_proj'])
  assert.ok(queries.length === llama.config.layers && queries.every((name) => name.endsWith('.self_attn.q_proj')))
  assert.deepEqual(modules(['self_attn.q_proj']), queries)
  assert.deepEqual(modules(queries), queries)
  assert.deepEqual(modules(String.raw`.*\.q_proj`), queries)
  assert.equal(modules('all-linear').length, 7 * llama.config.layers)
  assert.equal(modules(String.raw`model\.layers\.1\.(self_attn|mlp)\..*`).length, 7)
  for (const none of ['q_proj', '.*lm_head', '(', ['proj']] as const)
    assert.throws(
      () => modules(none),
      (error) => error instanceof ConfigError && /all-linear/.test(error.message),
    )
})

test('adapters under the names of a bare state dictionary are the same adapters', async () => {
  const options = { rank: 3, alpha: 6, targets: ['q_proj'] }
  const directory = join(folder, 'bare')
  const adapters = initializeAdapters(llama.config, options, 1)
  await writeDirectoryAtomically(directory, await adapterFiles(backend, llama.config, options, adapters, 'base'))
  const file = join(directory, 'adapter_model.safetensors')
  const saved = await flat((await readAdapters(directory, llama.config)).adapters)
  const weights = [...(await readWeights(file)).values()].map(({ name, shape, data }) => ({ name, shape, data }))
  const named = (change: (name: string) => string) =>
    writeFile(file, formatSafetensors(weights.map(({ name, shape, data }) => ({ name: change(name), dtype: 'F32', shape, data }))))
  for (const change of [
    (name: string) => name.replace('.weight', '.default.weight'),
    (name: string) => name.replace('base_model.model.', ''),
  ]) {
    await named(change)
    assert.deepEqual(await flat((await readAdapters(directory, llama.config)).adapters), saved)
  }
})
