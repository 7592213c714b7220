/** Options and losses by other names: those of TRL, transformers and PEFT are taken, or answered; misspelt losses are guessed. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { nearest, withOwnNames } from '../../app/inputs/aliases.ts'
import { halograd, jsonLines, judged, temporary, tinyModel } from './fixture.ts'

const folder = temporary()
const model = await tinyModel(join(folder, 'model'))
const data = jsonLines(join(folder, 'data.jsonl'), judged)

test('a run by TRL’s names is the run by ours', async () => {
  const [theirs, ours] = [join(folder, 'theirs'), join(folder, 'ours')]
  const shared = ['--threads', '1', '--seed', '3', '--halo', 'kto'] as const
  const run = await halograd(
    ...['align', ...shared, '--model_name_or_path', model, '--train_file', data, '--output_dir', theirs],
    ...['--learning_rate=0.01', '--per-device-train-batch-size', '4', '--max_steps', '3', '--lr_scheduler_type', 'cosine'],
  )
  assert.equal(run.code, 0, run.err)
  const same = await halograd(
    ...['align', ...shared, '--model', model, '--data', data, '--out', ours],
    ...['--lr', '0.01', '--batch', '4', '--steps', '3', '--lr-scheduler-type', 'cosine'],
  )
  assert.equal(same.code, 0, same.err)
  const weights = (out: string) => readFileSync(join(out, 'model.safetensors'))
  assert.ok(weights(theirs).equals(weights(ours)))
})

test('in a file, too', async () => {
  const file = join(folder, 'run.yaml')
  writeFileSync(file, `learning_rate: 0.01\nper_device_train_batch_size: 4\nmax_steps: 1\n`)
  const run = await halograd('align', '--halo', 'kto', '--config', file, '--model', model, '--data', data, '--out', join(folder, 'file'))
  assert.equal(run.code, 0, run.err)
  assert.equal(JSON.parse(readFileSync(join(folder, 'file', 'run.json'), 'utf8')).lr, 0.01)
})

for (const { args, says } of [
  {
    args: ['--gradient_accumulation_steps', '4'],
    says: /--gradient_accumulation_steps is an option of other programs; give the whole batch as --batch/,
  },
  { args: ['--report_to', 'wandb'], says: /nothing is sent anywhere/ },
  { args: ['--halo', 'kot'], says: /there is no loss 'kot'\. Did you mean kto/ },
  { args: ['--halo', 'dop'], says: /Did you mean dpo/ },
])
  test(`answered: ${args.join(' ')}`, async () => {
    const run = await halograd('align', '--halo', 'kto', '--model', model, '--data', data, '--out', join(folder, 'no'), ...args)
    assert.equal(run.code, 2, run.err)
    assert.match(run.err, says)
  })

test('names that a command has stay; what means nothing stays for the command to refuse', () => {
  assert.deepEqual(withOwnNames(['align', '--lr', '1', '--max_steps=3', '--nonsense', '-1'], ['lr', 'steps']), [
    ...['align', '--lr', '1', '--steps=3', '--nonsense', '-1'],
  ])
  assert.deepEqual(nearest('xyzzy', ['kto', 'dpo'], 2), [])
})
