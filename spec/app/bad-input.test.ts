/** Whatever is wrong is told before anything is written: what was asked, what was found, what to do; with an exit code, without a stack trace. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { halograd, jsonLines, judged, temporary, tinyModel } from './fixture.ts'

const folder = temporary()
const model = await tinyModel(join(folder, 'model'))
const data = jsonLines(join(folder, 'judged.jsonl'), judged)
const out = join(folder, 'out')

const align = (change: Readonly<Record<string, string>> = {}): readonly string[] => [
  'align',
  ...Object.entries({ halo: 'kto', model, data, out, steps: '1', batch: '4', backend: 'reference', ...change }).flatMap(([name, value]) => [
    `--${name}`,
    value,
  ]),
]

const notANumber = Buffer.from(Float32Array.of(Number.NaN).buffer)

/** A copy of the model with one file changed (or removed). */
let copies = 0
const broken = async (file: string, change: (bytes: Buffer) => Uint8Array | string | undefined): Promise<string> => {
  const copy = await tinyModel(join(folder, `broken${copies++}`))
  const changed = change(readFileSync(join(copy, file)))
  if (changed === undefined) rmSync(join(copy, file))
  else writeFileSync(join(copy, file), changed)
  return copy
}
const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
const reconfigured = (change: object) => broken('config.json', (bytes) => JSON.stringify({ ...JSON.parse(bytes.toString()), ...change }))

const cases: readonly {
  readonly what: string
  readonly args: () => Promise<readonly string[]> | readonly string[]
  readonly says: RegExp
  readonly code: number
}[] = [
  {
    what: 'a malformed line',
    args: () => align({ data: file('malformed.jsonl', '{"prompt": "a", "completion": "b", "label": true}\n{"prompt": \n') }),
    says: /malformed\.jsonl:2: expected a JSON object, found malformed JSON/,
    code: 1,
  },
  {
    what: 'an empty file',
    args: () => align({ data: file('empty.jsonl', '\n') }),
    says: /empty\.jsonl: expected at least one/,
    code: 1,
  },
  {
    what: 'a label that is not a boolean',
    args: () => align({ data: file('label.jsonl', '{"prompt": "a", "completion": "b", "label": "purple"}\n') }),
    says: /label\.jsonl:1, field label: expected .*, found "purple"/,
    code: 1,
  },
  {
    what: 'data that are not there',
    args: () => align({ data: join(folder, 'nowhere.jsonl') }),
    says: /nowhere\.jsonl: .*no such file/,
    code: 1,
  },
  {
    what: 'judgements for a loss of pairs',
    args: () => align({ halo: 'dpo' }),
    says: /expected pairs, found labelled completions\. Give lines .*or use a loss that learns from labels, such as KTO/,
    code: 1,
  },
  {
    what: 'fewer examples than a batch',
    args: () => align({ batch: '400' }),
    says: /expected at least 400 examples, found 1\d\. Use a smaller batch/,
    code: 1,
  },
  {
    what: 'a batch of one for KTO',
    args: () => align({ batch: '1' }),
    says: /--batch 1: KTO needs at least 2 examples a step.*z₀/,
    code: 2,
  },
  {
    what: 'more parts than examples',
    args: () => align({ accumulate: '9' }),
    says: /--accumulate 9: a batch of 4 has at most 4 parts/,
    code: 2,
  },
  {
    what: 'an unknown loss',
    args: () => align({ halo: 'kot' }),
    says: /there is no loss 'kot'\. Did you mean kto.*Known are .*kto/,
    code: 2,
  },
  { what: 'an unknown setting', args: () => align({ set: 'gamma=1' }), says: /kto has no setting 'gamma'\. It has beta=0\.1/, code: 2 },
  { what: 'a setting that is no number', args: () => align({ set: 'desirable=much' }), says: /Expected name=number/, code: 2 },
  {
    what: 'a setting that the declaration refuses',
    args: () => align({ set: 'desirable=-1' }),
    says: /expected a positive number, got -1/,
    code: 1,
  },
  {
    what: 'a file that exports no loss',
    args: () => align({ halo: file('no-loss.ts', 'export const x = 1\n') }),
    says: /to export a loss by default/,
    code: 2,
  },
  {
    what: 'a negative rate',
    args: () => align({ lr: '-1' }),
    says: /--lr <rate>' argument '-1' is invalid\. Expected a number > 0/,
    code: 2,
  },
  { what: 'a fraction of 2', args: () => align({ eval: '2' }), says: /--eval: expected a file, or a fraction/, code: 2 },
  {
    what: 'an unknown option',
    args: () => [...align(), '--bach', '4'],
    says: /unknown option '--bach'\n\(Did you mean --batch\?\)/,
    code: 2,
  },
  { what: 'an unknown command', args: () => ['aline'], says: /unknown command 'aline'\n\(Did you mean align\?\)/, code: 2 },
  { what: 'no model', args: () => ['generate', '--prompt', 'a'], says: /required option '--model <dir>' not specified/, code: 2 },
  {
    what: 'a prompt as long as the context',
    args: () => ['generate', '--model', model, '--prompt', 'the cat '.repeat(40), '--backend', 'reference'],
    says: /--prompt: \d+ tokens leave no room for more in the 32 of this model's context/,
    code: 2,
  },
  { what: 'an unknown backend', args: () => align({ backend: 'cuda' }), says: /there is no backend 'cuda'\. Known are auto/, code: 2 },
  {
    what: 'a mode of another backend',
    args: () => align({ mode: 'webgpu' }),
    says: /--mode webgpu: the reference backend has no such choice/,
    code: 2,
  },
  {
    what: 'an unknown mode',
    args: () => align({ backend: 'gpujs', mode: 'cuda' }),
    says: /gpujs has no mode 'cuda'\. It has webgpu, webasm, cpu/,
    code: 2,
  },
  { what: 'the model as destination', args: () => align({ out: model }), says: /--out is --model/, code: 2 },
  { what: 'a file as destination', args: () => align({ out: data }), says: /--out: .*judged\.jsonl is a file/, code: 2 },
  {
    what: 'a missing tokenizer',
    args: async () => align({ model: await broken('tokenizer.json', () => undefined) }),
    says: /expected tokenizer\.json, found no such file/,
    code: 1,
  },
  {
    what: 'missing weights',
    args: async () => align({ model: await broken('model.safetensors', () => undefined) }),
    says: /expected model\.safetensors or .*found neither/,
    code: 1,
  },
  {
    what: 'truncated weights',
    args: async () => align({ model: await broken('model.safetensors', (bytes) => bytes.subarray(0, bytes.length - 100)) }),
    says: /model\.safetensors.*expected .* bytes of data, found .* bytes.*truncated/is,
    code: 1,
  },
  {
    what: 'misshapen weights',
    args: async () => align({ model: await reconfigured({ intermediate_size: 20 }) }),
    says: /tensor model\.layers\.0\.mlp\.gate_proj\.weight: expected shape \[20, 8\], found shape \[16, 8\]/,
    code: 1,
  },
  {
    what: 'an unknown architecture',
    args: async () => align({ model: await reconfigured({ model_type: 'mamba', architectures: ['Mamba'] }) }),
    says: /field model_type: expected a supported architecture: .*gpt2 .* or llama .*, found "mamba" \("Mamba"\), layers of a state-space model/,
    code: 1,
  },
  {
    what: 'a config that is no JSON',
    args: async () => align({ model: await broken('config.json', () => '{') }),
    says: /config\.json:1: expected a JSON document, found malformed JSON/,
    code: 1,
  },
  {
    what: 'a tokenizer of another model',
    args: async () => align({ model: await reconfigured({ vocab_size: 100 }) }),
    says: /expected a tokenizer of at most 100 tokens/,
    code: 1,
  },
  {
    what: 'a weight that is not a number',
    args: async () => align({ model: await broken('model.safetensors', (bytes) => Buffer.concat([bytes.subarray(0, -4), notANumber])) }),
    says: /step 1.*not finite/s,
    code: 1,
  },
]

for (const { what, args, says, code } of cases)
  test(`${what} is refused with words`, async () => {
    const run = await halograd(...(await args()))
    assert.equal(run.code, code, run.err)
    assert.match(run.err, says)
    assert.doesNotMatch(run.err, /\n\s+at |not expected/)
    assert.equal(run.out, '')
    assert.ok(!existsSync(out), 'nothing is written')
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith('.tmp')),
      [],
    )
  })

test('--verbose shows where an error came from', async () => {
  const run = await halograd(...align({ data: join(folder, 'nowhere.jsonl') }), '--verbose')
  assert.match(run.err, /\n\s+at /)
})

test('a warning, not an error, where one label outnumbers the other: with the weight to set', async () => {
  const few = jsonLines(join(folder, 'imbalanced.jsonl'), [
    ...judged.filter(({ label }) => label),
    ...judged.filter(({ label }) => !label).slice(0, 2),
  ])
  const run = await halograd(...align({ data: few, eval: '0', out: join(folder, 'warned') }))
  assert.equal(run.code, 0, run.err)
  assert.match(run.err, /warning: 8 desirable .* and 2 undesirable .* are 4 : 1; .*for instance with --set undesirable=3$/m)
})
