/** What halograd writes, PyTorch reads, and the other way round: the logits of directories of every family and number format, by both. */
import { deepEqual, ok } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { mapTree, tensor, volume } from '../../core/index.ts'
import {
  adapted,
  adapterFiles,
  fromWeights,
  initialize,
  initializeAdapters,
  type ModelConfig,
  merge,
  modelFiles,
  parseConfig,
  readText,
  readWeights,
  type StoredTensor,
  toWeights,
  transformer,
  writeDirectoryAtomically,
} from '../../models/index.ts'
import {
  beginReward,
  pad,
  parseJson,
  rewardFiles,
  rewardFromWeights,
  rewardModel,
  sequencesOf,
  type WeightOptions,
} from '../../models/internal.ts'
import { sortConfig, sortWeights } from '../models/gpt-nano-sort.ts'
import { backend, close, numbers, tiny, tokens } from '../models/tiny.ts'
import { shared, whenShared } from '../shared.ts'

const python = process.env.HALOGRAD_PYTHON ?? '/usr/bin/python3'
const hasTorch = spawnSync(python, ['-c', 'import torch']).status === 0
const skip = hasTorch ? false : `${python} has no torch: apt-get install python3-torch, or name a Python that has it in HALOGRAD_PYTHON`

interface Task {
  readonly directory: string
  readonly tokens: readonly (readonly number[])[]
  /** PEFT's adapters, to be applied beside the weights. */
  readonly adapters?: string
  /** A checkpoint that PyTorch is to write first. */
  readonly write?: {
    readonly config: Readonly<Record<string, unknown>>
    readonly dtype?: 'float32' | 'float16' | 'bfloat16'
    readonly shards?: number
    readonly prefix?: boolean
    readonly masks?: boolean
  }
}
/** Logits by PyTorch, of many directories in one process. */
const byTorch = (tasks: readonly Task[]): readonly (readonly number[])[] => {
  const script = fileURLToPath(new URL('./logits.py', import.meta.url))
  const run = spawnSync(python, [script], { input: JSON.stringify(tasks), encoding: 'utf8', maxBuffer: 2 ** 28 })
  ok(run.status === 0, run.stderr)
  return run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

/** Logits by halograd, from the files alone. */
const byHalograd = async ({ directory, tokens: rows }: Task): Promise<readonly number[]> => {
  const config = parseConfig(parseJson(await readText(join(directory, 'config.json'))))
  const logits = transformer(config).logits(fromWeights(config, await readWeights(directory)), tokens(rows))
  return numbers(logits)
}

const folder = await mkdtemp(join(tmpdir(), 'halograd-export-'))
after(() => rm(folder, { recursive: true }))

const exported = async (name: string, config: ModelConfig, tensors: readonly StoredTensor[], options: WeightOptions = {}) => {
  const directory = join(folder, name)
  await writeDirectoryAtomically(directory, modelFiles(config, tensors, options))
  return directory
}
const text = [
  [1, 5, 3, 9, 2, 7, 10, 0],
  [4, 4, 8, 1, 6, 2, 3, 5],
]

test('random models of both families, in every variant, number format and number of files', { skip }, async () => {
  const variants: readonly (readonly [string, Partial<ModelConfig>, WeightOptions])[] = [
    ['', {}, {}],
    ['other output layer', { tied: true }, {}],
    ['BF16', {}, { dtype: 'BF16' }],
    ['F16 in shards', {}, { dtype: 'F16', shardBytes: 400 }],
  ]
  const families: Readonly<Record<string, readonly (readonly [string, Partial<ModelConfig>, WeightOptions])[]>> = {
    llama: [
      ...variants,
      ['interleaved rotation', { rotation: 'interleaved' }, {}],
      ['another θ', { ropeTheta: 500, normEpsilon: 0.1 }, {}],
    ],
    gpt2: [...variants, ['untied', { tied: false }, {}], ['exact gelu', { activation: 'gelu' }, {}]],
  }
  const tasks: Task[] = []
  const originals: (readonly number[])[] = []
  for (const { name, config: usual } of tiny)
    for (const [variant, change, options] of families[name]!) {
      const config = { ...usual, ...change }
      const parameters = initialize(config, 3, 0.4)
      const directory = await exported(`${name} ${variant}`, config, await toWeights(backend, config, parameters), options)
      tasks.push({ directory, tokens: text })
      originals.push(options.dtype === undefined ? await numbers(transformer(config).logits(parameters, tokens(text))) : [])
    }
  const found = byTorch(tasks)
  for (const [i, task] of tasks.entries()) {
    close(found[i]!, await byHalograd(task), 1e-4, task.directory)
    if (originals[i]!.length > 0) close(found[i]!, originals[i]!, 1e-4, `${task.directory}, before it was written`)
  }
  ok(readdirSync(join(folder, 'llama F16 in shards')).length > 5)
})

test('reward models of both families', { skip }, async () => {
  for (const { name, config: usual, parameters } of tiny) {
    const directory = join(folder, `${name} reward`)
    const config: ModelConfig = { ...usual, rotation: name === 'llama' ? 'interleaved' : 'half' }
    const trained = beginReward(config, parameters, 5)
    await writeDirectoryAtomically(directory, await rewardFiles(backend, config, trained))
    const [byPosition] = byTorch([{ directory, tokens: [text[0]!] }])
    const again = parseConfig(parseJson(await readText(join(directory, 'config.json'))), directory, 'reward')
    const loaded = rewardFromWeights(again, await readWeights(directory))
    const example = sequencesOf(pad([{ prompt: text[0]!.slice(0, 3), completion: text[0]!.slice(3) }], { context: 16 }))
    const reward = await numbers(rewardModel(again).score(loaded, example).logProbability)
    close(reward, byPosition!.slice(-1), 1e-4, directory)
    close(await numbers(rewardModel(config).score(trained, example).logProbability), reward, 1e-5)
  }
})

test('checkpoints that PyTorch wrote, with the habits of published ones', { skip }, async () => {
  const llama = {
    ...{ model_type: 'llama', architectures: ['LlamaForCausalLM'], vocab_size: 11, hidden_size: 8, intermediate_size: 12 },
    ...{
      num_hidden_layers: 2,
      num_attention_heads: 2,
      num_key_value_heads: 1,
      head_dim: 4,
      max_position_embeddings: 16,
      rms_norm_eps: 1e-5,
    },
    ...{ rope_theta: 10000, hidden_act: 'silu', tie_word_embeddings: false, pretraining_tp: 1, use_cache: true, rope_scaling: null },
  }
  const gpt2 = {
    ...{
      model_type: 'gpt2',
      architectures: ['GPT2LMHeadModel'],
      vocab_size: 11,
      n_embd: 8,
      n_inner: null,
      n_layer: 2,
      n_head: 2,
      n_positions: 16,
    },
    ...{ activation_function: 'gelu_new', layer_norm_epsilon: 1e-5, tie_word_embeddings: true, resid_pdrop: 0.1, task_specific_params: {} },
  }
  const writes: Readonly<Record<string, Task['write'] & object>> = {
    llama: { config: llama },
    'llama, bfloat16 in shards': { config: llama, dtype: 'bfloat16', shards: 3 },
    'llama, float16, tied, without a base name': { config: { ...llama, tie_word_embeddings: true }, dtype: 'float16', prefix: false },
    gpt2: { config: gpt2 },
    'gpt2 in shards, untied': { config: { ...gpt2, tie_word_embeddings: false, activation_function: 'gelu', n_inner: 20 }, shards: 2 },
    'gpt2, without a base name, with masks': { config: gpt2, dtype: 'float16', prefix: false, masks: true },
  }
  const tasks = Object.entries(writes).map(([name, write]): Task => ({ directory: join(folder, `torch ${name}`), tokens: text, write }))
  const found = byTorch(tasks)
  for (const [i, task] of tasks.entries()) close(await byHalograd(task), found[i]!, 1e-4, task.directory)
})

test('adapters: applied by PyTorch, applied by halograd, and merged, they make one model', { skip }, async () => {
  for (const { name, config, parameters } of tiny) {
    const options = {
      rank: 2,
      alpha: 6,
      targets: name === 'llama' ? ['q_proj', 'v_proj', 'o_proj', 'up_proj'] : ['c_attn', 'c_proj', 'c_fc'],
    }
    const adapters = mapTree(initializeAdapters(config, options, 1), (x) =>
      tensor(
        x.shape,
        Array.from({ length: volume(x.shape) }, (_, i) => Math.sin(i + 1) / 3),
      ),
    )
    const directory = await exported(`${name} base`, config, await toWeights(backend, config, parameters))
    const beside = join(folder, `${name} adapters`)
    await writeDirectoryAtomically(beside, await adapterFiles(backend, config, options, adapters, directory))
    const merged = await exported(`${name} merged`, config, await toWeights(backend, config, merge(config, parameters, adapters, options)))
    const [applied, whole, base] = byTorch([
      { directory, adapters: beside, tokens: text },
      { directory: merged, tokens: text },
      { directory, tokens: text },
    ])
    const ours = await numbers(adapted(config, parameters, options).logits(adapters, tokens(text)))
    close(applied!, ours, 1e-4, `${name}, applied`)
    close(whole!, ours, 1e-4, `${name}, merged`)
    ok(base!.some((x, i) => Math.abs(x - ours[i]!) > 0.1))
  }
})

test('stories260K, as it came and written again', { skip: skip || whenShared('models/stories260K-hf').skip }, async () => {
  const original = shared('models/stories260K-hf')!
  const config = parseConfig(parseJson(await readText(join(original, 'config.json'))))
  const directory = await exported('stories260K', config, [...(await readWeights(original)).values()], { shardBytes: 500_000 })
  const story = [[1, 403, 407, 261, 378, 9, 120, 33, 2, 511]]
  const [came, written] = byTorch([original, directory].map((directory) => ({ directory, tokens: story })))
  close(came!, await byHalograd({ directory: original, tokens: story }), 1e-4)
  deepEqual(written, came)
})

test('gpt-nano-sort', { skip: skip || whenShared('models/gpt-nano-sort').skip }, async () => {
  const task = { directory: await exported('sort', sortConfig, [...(await sortWeights()).values()]), tokens: [[0, 2, 1, 0, 1, 1, 0, 0, 1]] }
  close(byTorch([task])[0]!, await byHalograd(task), 1e-4)
})
