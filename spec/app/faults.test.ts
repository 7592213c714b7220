/** What can go wrong in the middle of a run: it is told with words, what was done is kept, and the run that goes on is the run that was never stopped. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { halograd, interrupted, jsonLines, judged, pairs, temporary, tinyModel } from './fixture.ts'

const folder = temporary()
const model = await tinyModel(join(folder, 'model'))
const data = jsonLines(join(folder, 'judged.jsonl'), judged)
const common = ['--model', model, '--data', data, '--batch', '4', '--lr', '0.02', '--backend', 'wasm', '--threads', '1'] as const
const sft = ['train', 'sft', ...common, '--steps', '12', '--save-every', '4', '--eval', data, '--eval-every', '3'] as const

const whole = join(folder, 'whole')
const run = await halograd(...sft, '--out', whole)
assert.equal(run.code, 0, run.err)

const same = (out: string): void => {
  for (const file of ['model.safetensors', 'metrics.jsonl', 'metrics.csv', 'checkpoints/step-000012/state.safetensors'])
    assert.ok(readFileSync(join(out, file)).equals(readFileSync(join(whole, file))), file)
}
const resumed = async (out: string) => {
  const again = await halograd(...sft, '--out', out, '--resume')
  assert.equal(again.code, 0, again.err)
  same(out)
  return again.err
}
const refused = async (says: readonly RegExp[], ...args: readonly string[]): Promise<void> => {
  const { code, err } = await halograd(...args)
  assert.notEqual(code, 0)
  for (const said of says) assert.match(err, said)
  assert.doesNotMatch(err, /\n\s+at |not expected/)
}

/** A run in `out` that Ctrl-C has stopped at its first step. */
const stopped = async (out: string): Promise<string> => {
  const { code, err } = await interrupted(/^train sft 1\/12/, ...sft, '--out', out)
  assert.equal(code, 130, err)
  return out
}
/** A copy of the whole run, as if it had been killed after its last checkpoint, with some of its files changed. */
let copies = 0
const damaged = (...changes: readonly (readonly [file: string, change: (bytes: Buffer) => Uint8Array | undefined])[]): string => {
  const copy = join(folder, `copy${copies++}`)
  cpSync(whole, copy, { recursive: true })
  for (const [file, change] of changes) {
    const changed = change(readFileSync(join(copy, file)))
    if (changed === undefined) rmSync(join(copy, file))
    else writeFileSync(join(copy, file), changed)
  }
  return copy
}
const [last, before] = ['checkpoints/step-000012', 'checkpoints/step-000009'] as const
const flipped = (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte, i) => (i === bytes.length - 9 ? byte ^ 4 : byte)))

test('Ctrl-C leaves a model and a checkpoint; the run goes on from it', async () => {
  const out = await stopped(join(folder, 'stopped'))
  assert.ok(existsSync(join(out, 'model.safetensors')))
  assert.match(await resumed(out), /resumed after step 1\n/)
})

test('an unfinished run is not begun anew by mistake; a finished one is', async () => {
  const out = await stopped(join(folder, 'unfinished'))
  await refused([/unfinished\b.* holds an unfinished run \(step 1 of 12\)\. Add --resume/], ...sft, '--out', out)
  rmSync(join(out, 'checkpoints'), { recursive: true })
  assert.equal((await halograd(...sft, '--out', out)).code, 0)
  same(out)
  assert.equal((await halograd(...sft, '--out', out)).code, 0)
  same(out)
})

test('resuming what has not begun is to begin; resuming what is finished is to save it again', async () => {
  const out = join(folder, 'fresh')
  assert.match(await resumed(out), /There is no checkpoint in .*: the run begins at its beginning/)
  rmSync(join(out, 'model.safetensors'))
  assert.match(await resumed(out), /resumed after step 12\n/)
})

test('a run is resumed with what it began with: every difference is named; threads, paths and intervals are none', async () => {
  const out = await stopped(join(folder, 'other'))
  const [changed, moved] = [jsonLines(join(folder, 'changed.jsonl'), judged.slice(2)), jsonLines(join(folder, 'moved.jsonl'), judged)]
  const differing = ['--lr', '0.01', '--data', changed, '--max-length', '30', '--resume', '--out', out]
  await refused(
    [
      /another one:\n/,
      /--lr: began with 0\.02, now 0\.01/,
      /--data: began with a file of SHA-256 \w+…, now a file of SHA-256 \w+…/,
      /--max-length: began with nothing, now 30/,
      /--config .*run\.json/,
    ],
    ...sft,
    ...differing,
  )
  const { code, err } = await halograd(
    ...sft,
    '--data',
    moved,
    '--threads',
    '2',
    '--save-every',
    '5',
    '--keep',
    '1',
    '--resume',
    '--out',
    out,
  )
  assert.equal(code, 0, err)
  same(out)
  assert.deepEqual(readdirSync(join(out, 'checkpoints')), ['step-000012'])
})

test('a damaged checkpoint is told of, and the one before it is gone on from', async () => {
  for (const out of [
    damaged([`${last}/state.safetensors`, flipped]),
    damaged([`${last}/state.safetensors`, (bytes) => bytes.subarray(0, 1000)]),
    damaged([`${last}/SHA256SUMS`, () => undefined]),
  ]) {
    const said = await resumed(out)
    assert.match(said, /warning: .*step-000012\/(state\.safetensors|progress\.json|SHA256SUMS): expected/)
    assert.match(said, /The checkpoint of step 12 is removed: the run goes on from step 9/)
  }
})

test('where no checkpoint is sound, all are named', async () => {
  const out = damaged([`${last}/state.safetensors`, flipped], [`${before}/progress.json`, flipped])
  const says = [/step-000012\/state\.safetensors: .*damaged/, /step-000009\/progress\.json: .*damaged.*put the checkpoint back/]
  await refused(says, ...sft, '--out', out, '--resume')
  assert.deepEqual(readdirSync(join(out, 'checkpoints')).length, 2)
})

test('a log that was changed is refused; rows beyond the checkpoint are made again', async () => {
  const lines = (bytes: Buffer) => bytes.toString().split('\n')
  await refused(
    [/metrics\.jsonl: expected a row for each of the 12 steps, found none of step 4/],
    ...[...sft, '--resume', '--out', damaged(['metrics.jsonl', (bytes) => Buffer.from(lines(bytes).toSpliced(4, 1).join('\n'))])],
  )
  const torn = damaged([`${last}/state.safetensors`, flipped], ['metrics.jsonl', (bytes) => bytes.subarray(0, bytes.length - 50)])
  await resumed(torn)
})

const bin = join(dirname(fileURLToPath(import.meta.url)), '../../app/cli/halograd.mjs')

const shell = (command: string): boolean => spawnSync('bash', ['-c', command]).status === 0

test('a full disk ends the run with words; what was done is gone on from', () => {
  const disk = join(folder, 'disk')
  mkdirSync(disk)
  const long = [...sft, '--steps', '400', '--save-every', '20', '--eval-every', '50', '--out', join(disk, 'out')]
  // Where no small disk can be made, no file may grow beyond 40 KiB.
  const mounted = shell(`mount -t tmpfs -o size=200k tmpfs ${disk}`)
  try {
    const limited = mounted ? [bin, ...long] : ['-c', 'ulimit -f 40; exec "$@"', 'bash', process.execPath, bin, ...long]
    const full = spawnSync(mounted ? process.execPath : 'bash', limited, { encoding: 'utf8' })
    assert.equal(full.status, 1, full.stderr)
    assert.match(
      full.stderr,
      /expected a (file|directory) that can be written, found .*\((ENOSPC\)\. Free some space|EFBIG\)\. Raise the limit)/,
    )
    assert.match(full.stderr, /What was done up to step \d+ is kept: --resume continues from there/)
    if (mounted) shell(`mount -o remount,size=10m ${disk}`)
    execFileSync(process.execPath, [bin, ...long, '--resume'], { stdio: 'ignore' })
    assert.equal(
      readFileSync(join(disk, 'out', 'metrics.jsonl'), 'utf8')
        .trim()
        .split('\n').length,
      401,
    )
  } finally {
    if (mounted) shell(`umount ${disk}`)
  }
})

test('a directory that cannot be written to is told before anything is computed', async () => {
  const locked = join(folder, 'locked')
  mkdirSync(locked, { mode: 0o500 })
  chmodSync(folder, 0o755)
  const root = process.geteuid?.() === 0 // who may write anywhere, and so steps down for a moment
  if (root) process.seteuid?.(65534)
  try {
    await refused([/locked\/out: expected a directory that can be written, found permission denied/], ...sft, '--out', join(locked, 'out'))
  } finally {
    if (root) process.seteuid?.(0)
  }
})

// ------------------------------------------------------------------ data

test('a loss that is not finite names the lines to look at', async () => {
  const lines = jsonLines(join(folder, 'poison.jsonl'), [...judged, { prompt: 'the zebu is', completion: ' zzz', label: true }])
  const poisoned = await tinyModel(join(folder, 'poisoned'), { tied: false })
  const { model: parsed } = JSON.parse(readFileSync(join(poisoned, 'tokenizer.json'), 'utf8'))
  const file = join(poisoned, 'model.safetensors')
  const bytes = readFileSync(file)
  const header = Number(bytes.readBigUInt64LE(0))
  const { data_offsets: at } = JSON.parse(bytes.subarray(8, 8 + header).toString())['model.embed_tokens.weight']
  bytes.writeFloatLE(Number.NaN, 8 + header + at[0] + 4 * 8 * parsed.vocab.z)
  writeFileSync(file, bytes)
  const args = [
    'train',
    'sft',
    ...common,
    '--model',
    poisoned,
    '--data',
    lines,
    '--steps',
    '9',
    '--eval',
    '0',
    '--out',
    join(folder, 'nan'),
  ]
  await refused([/step \d: the loss of SFT is not finite\. Examples: \S*poison\.jsonl:17\. Gradients: token/], ...args)
})

const dpo = ['align', '--halo', 'dpo', ...common] as const
const kto = ['align', '--halo', 'kto', ...common] as const

test('completions that say nothing are refused by line and field, whichever the loss and the shape; what is skipped is counted', async () => {
  const turns = [{ role: 'user', content: 'the cat' }, ...[{ role: 'assistant', content: ' \n' }]]
  const cases = [
    [
      sft,
      judged,
      { prompt: 'the cat', completion: ' ', label: true },
      /:17, field completion: expected a text, found " "\. Remove the line/,
    ],
    [
      kto,
      judged,
      { prompt: 'the cat', completion: '', label: false },
      /:17, field completion: expected a text, found ""\. .*convert --skip/,
    ],
    [kto, judged, { messages: turns, label: true }, /:17, field messages\[1\]\.content: expected a text, found " \\n"/],
    [dpo, pairs, { prompt: 'the cat', chosen: ' good', rejected: '' }, /:9, field rejected: expected a text, found ""/],
    [dpo, pairs, { prompt: 'the cat', chosen: '\t', rejected: ' bad' }, /:9, field chosen: expected a text, found "\\t"/],
  ] as const
  for (const [command, rows, empty, says] of cases) {
    const file = jsonLines(join(folder, 'empty.jsonl'), [...rows, empty])
    await refused([says], ...command, '--data', file, '--out', join(folder, 'never'))
    const { code, err } = await halograd('data', 'convert', file, join(folder, 'some.jsonl'), '--skip', '--to', 'labels')
    assert.equal(code, 0, err)
    assert.match(err, new RegExp(`warning: 1 lines that cannot be used are skipped: ${rows.length + 1} `))
  }
  assert.ok(!existsSync(join(folder, 'never')))
})

test('completions of which the tokenizer makes nothing are refused by line; the end of a text alone is none', async () => {
  const deaf = await tinyModel(join(folder, 'deaf'))
  const file = join(deaf, 'tokenizer.json')
  const tokenizer = JSON.parse(readFileSync(file, 'utf8'))
  writeFileSync(file, JSON.stringify({ ...tokenizer, normalizer: { type: 'Replace', pattern: { String: 'x' }, content: '' } }))
  for (const [command, rows, silent] of [
    [sft, judged, { prompt: 'the cat', completion: 'xx', label: true }],
    [kto, judged, { prompt: 'the cat', completion: 'x', label: false }],
    [dpo, pairs, { prompt: 'the cat', chosen: ' good', rejected: 'xxx' }],
  ] as const) {
    const file = jsonLines(join(folder, 'silent.jsonl'), [...rows, silent])
    const says = new RegExp(`silent\\.jsonl:${rows.length + 1}: expected a completion of at least one token, found none\\. Remove the line`)
    await refused([says], ...command, '--model', deaf, '--data', file, '--eval', '0', '--out', join(folder, 'never'))
  }
})

test('a window of two tokens leaves one of every completion', async () => {
  for (const [command, rows] of [
    [sft.slice(0, -4), judged.filter(({ label }) => label)],
    [kto, judged],
    [dpo, pairs],
  ] as const)
    for (const truncate of ['prompt-start', 'completion-end']) {
      const file = jsonLines(join(folder, 'window.jsonl'), rows)
      const args = [
        '--data',
        file,
        '--max-length',
        '2',
        '--truncate',
        truncate,
        '--eval',
        '0',
        '--steps',
        '2',
        '--out',
        join(folder, 'window'),
      ]
      const { code, err, out } = await halograd(...command, ...args, '--json')
      assert.equal(code, 0, err)
      const { examples, last } = JSON.parse(out)
      assert.equal(examples.training, rows.length)
      assert.ok(Number.isFinite(last.loss) && last.loss > 0)
      assert.match(err, new RegExp(`warning: ${rows.length} of ${rows.length} examples are longer than 2 tokens`))
    }
})

test('labels all of one kind, and texts longer than the window, are trained on with a warning', async () => {
  const long = `${'the cat sat on the mat. '.repeat(9)}the cat is`
  const rows = [...judged.filter(({ label }) => label), { prompt: long, completion: ' good', label: true }]
  const args = ['--data', jsonLines(join(folder, 'long.jsonl'), rows), '--eval', '0', '--steps', '2', '--out', join(folder, 'long')]
  const { code, err } = await halograd('align', '--halo', 'kto', ...common, ...args)
  assert.equal(code, 0, err)
  assert.match(err, /warning: 9 desirable .* and 0 undesirable .*one side is empty/)
  assert.match(err, /warning: 1 of 9 examples are longer than 32 tokens \(first: \S*long\.jsonl:9\)/)
})
