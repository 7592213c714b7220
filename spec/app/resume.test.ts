/** A run that is killed at any moment, and resumed, is the run that was not, to the last bit of its parameters, its optimizer and its metrics. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { halograd, jsonLines, judged, temporary, tinyModel } from './fixture.ts'

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
