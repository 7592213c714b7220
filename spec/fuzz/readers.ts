/** Every reader of files from elsewhere, with the files that it must read. */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Command } from 'commander'
import fc from 'fast-check'
import { either as E } from 'fp-ts'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { stringify } from 'yaml'
import { withConfiguration } from '../../app/inputs/configuration.ts'
import { readControl } from '../../app/inputs/control.ts'
import { integer, setting } from '../../app/inputs/options.ts'
import { configurable } from '../../app/inputs/settings.ts'
import { readCheckpoint } from '../../app/run/checkpoints.ts'
import { linesOf, readLog } from '../../app/run/log.ts'
import {
  ConfigError,
  chatOf,
  DataError,
  formatConfig,
  formatSafetensors,
  type ModelConfig,
  parseConfig,
  parseSafetensors,
  readWeights,
  type StoredTensor,
  TokenizerError,
  tokenizerOf,
  trainBytePairs,
  weightFiles,
} from '../../models/index.ts'
import { parseAdapterConfig, parseJson, readGeneration, readJson, readRecords, withStops } from '../../models/internal.ts'
import { parquetReader } from '../../models/io/parquet.ts'
import { limited } from '../../models/io/time-limit.ts'
import { withChecksums } from '../models-io/checksums.ts'
import type { Reader } from './fuzz.ts'
import { anyBytes, header, json, lines } from './mutations.ts'

const folder = mkdtempSync(join(tmpdir(), 'halograd-fuzz-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const write = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
const inFolder = (name: string): string => {
  mkdirSync(join(folder, name), { recursive: true })
  return join(folder, name)
}
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (file: Uint8Array): string => new TextDecoder().decode(file)
/** What hangs is ended, and is an error of no known kind. */
const sync =
  (read: (file: Uint8Array) => unknown) =>
  (file: Uint8Array): unknown =>
    limited(10_000, () => read(file))

const say = fc.string({ unit: 'grapheme', maxLength: 40 })

// ------------------------------------------------------------------ weights

const tensors = fc
  .uniqueArray(
    fc.tuple(fc.constantFrom('a.weight', 'b.bias', 'model.layers.0.x', 'é'), fc.array(fc.float({ noNaN: true }), { maxLength: 6 })),
    {
      selector: ([name]) => name,
      maxLength: 4,
    },
  )
  .map((all) => all.map(([name, data]): StoredTensor => ({ name, dtype: 'F32', shape: [data.length], data: Float32Array.from(data) })))
const plainTensors = (all: Iterable<StoredTensor>): unknown =>
  [...all].map(({ name, dtype, shape, data }) => [name, dtype, [...shape], Array.from(data, Number)])
const written = (all: readonly StoredTensor[]) => plainTensors(all)

const safetensors: Reader = {
  ...{ name: 'safetensors', damage: header },
  valid: tensors.map((all) => ({ file: formatSafetensors(all, { format: 'pt' }), value: written(all) })),
  read: sync((file) => plainTensors(parseSafetensors(file, 'x.safetensors'))),
}

const shards = (() => {
  const made = [3, 4].map((n): StoredTensor => ({ name: `t${n}`, dtype: 'F32', shape: [n], data: new Float32Array(n).fill(n) }))
  const files = weightFiles(made, { shardBytes: 13 })
  const directory = inFolder('sharded')
  for (const [name, content] of Object.entries(files)) if (content !== undefined) writeFileSync(join(directory, name), content)
  return { directory, index: String(files['model.safetensors.index.json']), value: written(made) }
})()
const index: Reader = {
  ...{ name: 'index', damage: json },
  valid: fc
    .constantFrom(0, 2, 4)
    .map((indent) => ({ file: bytes(JSON.stringify(JSON.parse(shards.index), null, indent)), value: shards.value })),
  read: async (file) => {
    writeFileSync(join(shards.directory, 'model.safetensors.index.json'), file)
    return plainTensors((await readWeights(shards.directory)).values())
  },
}

// ------------------------------------------------------------------ JSON documents

const size = fc.integer({ min: 1, max: 64 })
const llama = fc
  .record({
    vocab: size,
    context: size,
    layers: size,
    heads: size,
    headSize: size,
    hidden: size,
    tied: fc.boolean(),
    theta: fc.integer({ min: 1 }),
  })
  .map(
    ({ heads, headSize, theta, ...rest }): ModelConfig => ({
      ...{ family: 'llama', ...rest, heads, keyValueHeads: heads, headSize: 2 * headSize, embed: 2 * headSize * heads },
      ...{ activation: 'silu', normEpsilon: 1e-5, ropeTheta: theta, rotation: 'half', bos: 0, eos: 0 },
    }),
  )
const config: Reader = {
  ...{ name: 'config', damage: json },
  valid: llama.map((value) => ({ file: bytes(JSON.stringify(formatConfig(value))), value })),
  read: async (file) => parseConfig(await readJson(write('config.json', file), ConfigError)),
}

const base: ModelConfig = fc.sample(llama, { numRuns: 1, seed: 1 })[0]!
const generation: Reader = {
  ...{ name: 'generation config', damage: json },
  valid: fc.uniqueArray(fc.nat(100), { minLength: 1, maxLength: 5 }).map((ids) => ({
    file: bytes(JSON.stringify({ eos_token_id: ids, temperature: 0.7 })),
    value: [...new Set([base.eos, ...ids])],
  })),
  read: async (file) => {
    const directory = inFolder('generation')
    writeFileSync(join(directory, 'generation_config.json'), file)
    const { eos, stop } = withStops(base, await readGeneration(directory), [])
    return stop ?? [eos]
  },
}

const adapters: Reader = {
  ...{ name: 'adapters', damage: json },
  valid: fc.record({ rank: size, alpha: size, targets: fc.subarray(['q_proj', 'v_proj', 'up_proj'], { minLength: 1 }) }).map((value) => ({
    file: bytes(JSON.stringify({ peft_type: 'LORA', r: value.rank, lora_alpha: value.alpha, target_modules: value.targets, bias: 'none' })),
    value,
  })),
  read: async (file) => {
    const { rank, alpha, targets } = parseAdapterConfig(await readJson(write('adapter_config.json', file), ConfigError), base)
    return { rank, alpha, targets }
  },
}

const control: Reader = {
  ...{ name: 'control tokens', damage: json },
  valid: fc
    .tuple(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }))
    .filter(([a, b]) => a !== b)
    .map(([desirable, undesirable]) => ({ file: bytes(JSON.stringify({ desirable, undesirable })), value: { desirable, undesirable } })),
  read: async (file) => {
    const directory = inFolder('control')
    writeFileSync(join(directory, 'control.json'), file)
    return readControl(directory)
  },
}

// ------------------------------------------------------------------ tokenizers and templates

const sample = 'the cat sat on the mat'
const trained = trainBytePairs(sample, { vocabularySize: 262, specialTokens: ['<|end|>'] })
const split = { type: 'Split', pattern: { Regex: String.raw`\s?\w+|\s+` }, behavior: 'Isolated', invert: false }
const tokenizer: Reader = {
  ...{ name: 'tokenizer', damage: json },
  valid: fc
    .constantFrom(
      {},
      { pre_tokenizer: { type: 'Sequence', pretokenizers: [split, { ...Object(trained.json.pre_tokenizer), use_regex: false }] } },
    )
    .map((change) => ({
      file: bytes(JSON.stringify({ ...trained.json, ...change })),
      value: sample,
    })),
  read: async (file) => {
    const { encode, decode } = tokenizerOf(await readJson(write('tokenizer.json', file), TokenizerError), trained.config)
    return decode(encode(sample))
  },
}

const turns = [{ role: 'user', content: 'hello' } as const]
const pieces = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'ab c\n') }).map((literal) => [literal, literal] as const),
  fc.constantFrom(
    ['{{ messages[0].content }}', 'hello'] as const,
    ['{% for m in messages %}<{{ m.role }}>{% endfor %}', '<user>'] as const,
    ['{{ "x" if add_generation_prompt else "y" }}', 'x'] as const,
    ['{% for i in range(3) %}{{ i }}{% endfor %}', '012'] as const,
  ),
)
const template: Reader = {
  ...{ name: 'template', damage: lines },
  // A newline after a block belongs to the block.
  valid: fc.array(pieces, { maxLength: 6 }).map((all) => ({
    file: bytes(all.map(([source]) => `|${source}|`).join('')),
    value: all.map(([, made]) => `|${made}|`).join(''),
  })),
  read: sync((file) => {
    const prompt = chatOf({ config: { chat_template: text(file) } })?.prompt(turns)
    if (prompt === undefined || E.isRight(prompt)) return prompt?.right
    throw new DataError({ file: 'x', ...prompt.left })
  }),
}

// ------------------------------------------------------------------ data

const rows = fc.array(fc.record({ prompt: say, completion: say, label: fc.boolean() }), { minLength: 1, maxLength: 6 })
const recordsIn = async (path: string): Promise<unknown> => {
  const found: unknown[] = []
  for await (const { line, content } of readRecords(path)) {
    if (E.isLeft(content)) throw new DataError({ file: path, line, ...content.left })
    found.push(content.right)
  }
  return found
}
const data = (ending: string, damage: Reader['damage'], valid: Reader['valid']): Reader => ({
  ...{ name: ending, damage, valid },
  read: (file) => recordsIn(write(`data.${ending}`, file)),
})
const asLines = (all: readonly unknown[]): string => all.map((row) => `${JSON.stringify(row)}\n`).join('')
const quoted = (field: unknown, separator: string): string => {
  const value = String(field)
  return value === '' || value.includes(separator) || /["\r\n]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}
const separated = (separator: string): Reader['valid'] =>
  rows.map((value) => ({
    file: bytes(
      [['prompt', 'completion', 'label'], ...value.map(Object.values)]
        .map((row) => `${row.map((x) => quoted(x, separator)).join(separator)}\n`)
        .join(''),
    ),
    value,
  }))

const reader = parquetReader({ time: 2000 })
const parquet: Reader = {
  ...{ name: 'parquet', damage: anyBytes },
  valid: fc
    .tuple(rows, fc.constantFrom('UNCOMPRESSED', 'SNAPPY'), fc.boolean(), fc.integer({ min: 1, max: 5 }))
    .map(([value, codec, sums, rowGroupSize]) => {
      const columnData = (['prompt', 'completion', 'label'] as const).map((name) => ({
        name,
        data: value.map((row) => row[name]),
        type: name === 'label' ? ('BOOLEAN' as const) : ('STRING' as const),
      }))
      const made = parquetWriteBuffer({ columnData, codec, rowGroupSize })
      return { file: sums ? withChecksums(made) : new Uint8Array(made), value }
    }),
  read: async (file) => {
    const found: unknown[] = []
    for await (const row of reader.read(write('data.parquet', file))) found.push(row)
    return found
  },
  close: reader.close,
}

// ------------------------------------------------------------------ runs

const program = new Command('halograd')
const align = configurable(new Command('align'))
  .option('--batch <n>', '', integer(1))
  .option('--resume-from <dir>')
  .option('--lora')
  .option('--set <name=value>', '', setting)
program.addCommand(align)
const options: Reader = {
  ...{ name: 'options', damage: lines },
  valid: fc
    .tuple(fc.record({ batch: size, lora: fc.constant(true), set: fc.record({ beta: size }) }), fc.constantFrom('yaml', 'json'))
    .map(([value, kind]) => ({
      file: bytes(kind === 'json' ? JSON.stringify(value) : stringify(value)),
      value: ['align', `--batch=${value.batch}`, '--lora', `--set=beta=${value.set.beta}`, '--config', join(folder, 'run.yaml')],
    })),
  read: (file) => withConfiguration(program, ['align', '--config', write('run.yaml', file)]),
}

const log: Reader = {
  ...{ name: 'log', damage: lines },
  valid: fc.array(fc.record({ loss: fc.double({ noNaN: true, noDefaultInfinity: true }) }), { minLength: 1, maxLength: 8 }).map((all) => {
    const value = all.map(({ loss }, i) => ({ step: i + 1, epoch: 0, tokens: 5, loss: loss === 0 ? 0 : loss }))
    return { file: bytes(linesOf(value)), value }
  }),
  read: async (file) => {
    const directory = inFolder('log')
    writeFileSync(join(directory, 'metrics.jsonl'), file)
    return readLog(directory)
  },
}

const kept = inFolder('run/checkpoints/step-000001')
const sumOf = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex')
const checkpoint: Reader = {
  ...{ name: 'checkpoint', damage: json },
  valid: tensors.map((all) => {
    const state = formatSafetensors(all)
    const progress = JSON.stringify({ step: 1, steps: 2 })
    const sums = `${sumOf(state)}  state.safetensors\n${sumOf(progress)}  progress.json\n`
    return { file: bytes(JSON.stringify({ state: Buffer.from(state).toString('base64'), progress, sums })), value: written(all) }
  }),
  read: async (file) => {
    const parts = Object(parseJson(text(file)))
    for (const [part, name] of [
      ['state', 'state.safetensors'],
      ['progress', 'progress.json'],
      ['sums', 'SHA256SUMS'],
    ] as const)
      writeFileSync(join(kept, name), part === 'state' ? Buffer.from(String(parts.state), 'base64') : String(parts[part]))
    return plainTensors((await readCheckpoint(join(folder, 'run'), 1)).state.values())
  },
}

export const readers: readonly Reader[] = [
  ...[safetensors, index, config, generation, adapters, control, tokenizer, template],
  data(
    'jsonl',
    lines,
    rows.map((value) => ({ file: bytes(asLines(value)), value })),
  ),
  data(
    'json',
    json,
    rows.map((value) => ({ file: bytes(JSON.stringify(value, null, 1)), value })),
  ),
  data('csv', lines, separated(',')),
  data('tsv', lines, separated('\t')),
  data(
    'jsonl.gz',
    anyBytes,
    rows.map((value) => ({ file: new Uint8Array(gzipSync(asLines(value))), value })),
  ),
  ...[parquet, options, log, checkpoint],
]
