/** A run that is killed at any moment, and resumed, is the run that was not, to the last bit of its parameters, its optimizer and its metrics. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { halograd, interrupted, jsonLines, judged, pairs, temporary, tinyModel } from './fixture.ts'

const bin = join(dirname(fileURLToPath(import.meta.url)), '../../app/cli/halograd.mjs')
const folder = temporary()
const model = await tinyModel(join(folder, 'model'))
const data = jsonLines(join(folder, 'judged.jsonl'), judged)
/** In parts, measured on the way, with a checkpoint every third step: whatever a run has to remember, it has to remember here. */
const align = [
  ...['align', '--halo', 'kto', '--model', model, '--data', data, '--steps', '40', '--batch', '4', '--accumulate', '2', '--lr', '0.02'],
  ...['--eval', '0.25', '--eval-every', '4', '--best', '--save-every', '3', '--backend', 'wasm', '--threads', '1'],
]

/** How often a run is killed; more by HALOGRAD_KILLS. */
const kills = Number(process.env.HALOGRAD_KILLS ?? 3)

/** Starts a run, and kills it `after` milliseconds from its first step. */
const killed = async (out: string, after: number): Promise<void> => {
  const child = spawn(process.execPath, [bin, ...align, '--out', out], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  for await (const text of child.stderr) {
    said += text
    if (said.includes('align 1/40')) break
  }
  await setTimeout(after)
  if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit')
}

const hashOf = (out: string, file: string): string =>
  createHash('sha256')
    .update(readFileSync(join(out, file)))
    .digest('hex')

/** What must not depend on having been killed. */
const remains = ['model.safetensors', 'metrics.jsonl', 'metrics.csv', 'checkpoints/step-000040/state.safetensors'] as const
const hashes = (out: string) =>
  Object.fromEntries(
    remains.map((file) => [
      file,
      createHash('sha256')
        .update(readFileSync(join(out, file)))
        .digest('hex'),
    ]),
  )

test(`killed at ${kills} random moments, resumed ${kills} times: the run that was never stopped`, async (t) => {
  const whole = await halograd(...align, '--out', join(folder, 'whole'), '--json')
  assert.equal(whole.code, 0, whole.err)
  const { seconds } = JSON.parse(whole.out)
  for (let i = 0; i < kills; i++) {
    const out = join(folder, `killed${i}`)
    const after = Math.random() * 1000 * seconds
    await killed(out, after)
    const resumed = await halograd(...align, '--out', out, '--resume')
    assert.equal(resumed.code, 0, resumed.err)
    const from = /resumed after step (\d+)/.exec(resumed.err)?.[1] ?? 'its beginning'
    t.diagnostic(`killed ${after.toFixed(0)} ms after the first step; gone on from ${from}`)
    assert.deepEqual(hashes(out), hashes(join(folder, 'whole')))
  }
})

/** What runs of other kinds have to remember: statistics of all batches so far, adapters, what was dropped, a value head. */
const kinds = {
  'BCO of adapters, with dropout': ['align', '--halo', 'bco', '--data', data, '--lora', '2', '--dropout', '0.1'],
  'offline PPO, with its value head': ['align', '--halo', 'ppo-value', '--data', data],
  'a reward model': ['train', 'reward', '--data', jsonLines(join(folder, 'pairs.jsonl'), pairs)],
} as const

for (const [name, command] of Object.entries(kinds))
  test(`${name}: stopped and resumed is never stopped`, async () => {
    const args = [...command, '--model', model, '--steps', '5', '--batch', '4', '--lr', '0.02', '--eval', '0', '--threads', '1']
    const [once, twice] = [join(folder, `${name} at once`), join(folder, `${name} resumed`)]
    const whole = await halograd(...args, '--out', once)
    assert.equal(whole.code, 0, whole.err)
    const stopped = await interrupted(/ 1\/5 · loss/, ...args, '--out', twice)
    assert.equal(stopped.code, 130, stopped.err)
    const resumed = await halograd(...args, '--out', twice, '--resume')
    assert.match(resumed.err, /resumed after step 1\n/)
    const files = readdirSync(once, { recursive: true, encoding: 'utf8' }).filter((file) => /safetensors$|metrics/.test(file))
    assert.ok(files.length >= 4)
    for (const file of files) assert.equal(hashOf(twice, file), hashOf(once, file), file)
  })
