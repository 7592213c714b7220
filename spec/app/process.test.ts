/** The command as a process: it starts fast, Ctrl-C and SIGTERM save, standard output can be piped. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { halograd, jsonLines, judged, temporary, tinyModel } from './fixture.ts'

const bin = join(dirname(fileURLToPath(import.meta.url)), '../../app/cli/halograd.mjs')
const folder = temporary()
const model = await tinyModel(join(folder, 'model'))
const data = jsonLines(join(folder, 'judged.jsonl'), judged)

/** Starts the command; `watch` sees standard error as it grows, and may signal. */
const start = (args: readonly string[], watch: (err: string, signal: (name: NodeJS.Signals) => void) => void = () => undefined) =>
  new Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>((resolve) => {
    const child = spawn(process.execPath, [bin, ...args], { cwd: folder })
    let [out, err] = ['', '']
    child.stdout.on('data', (text) => {
      out += text
    })
    child.stderr.on('data', (text) => {
      err += text
      watch(err, (name) => void child.kill(name))
    })
    child.on('close', (code) => resolve({ code, out, err }))
  })

/** Sends a signal, once and then once more, as soon as something has been said: npm passes on what has reached its whole group. */
const once = (when: string, name: NodeJS.Signals) => {
  let signalled = false
  return (err: string, signal: (name: NodeJS.Signals) => void): void => {
    if (signalled || !err.includes(when)) return
    signalled = true
    signal(name)
    setTimeout(signal, 5, name)
  }
}

const stops = [
  ['Ctrl-C', 'SIGINT', 130],
  ['SIGTERM', 'SIGTERM', 143],
] as const

for (const [title, signal, expected] of stops)
  test(`${title} stops after the step, saves a model that loads, says how to go on, and exits with ${expected}`, async () => {
    const out = join(folder, signal)
    const endless = ['align', '--halo', 'kto', '--model', model, '--data', data, '--out', out, '--steps', '1000000', '--batch', '4']
    const run = await start([...endless, '--backend', 'reference', '--json'], once('align 1/1000000', signal))
    assert.equal(run.code, expected, run.err)
    assert.match(run.err, new RegExp(`Stopping after this step \\(${title} again: at once`))
    assert.match(run.err, /Continue: {2}the same command with --resume/)
    const result = JSON.parse(run.out)
    assert.ok(existsSync(join(out, 'checkpoints', `step-${`${result.steps}`.padStart(6, '0')}`)))
    assert.ok(result.interrupted && result.steps >= 1 && result.steps < 1000000)
    assert.equal(readFileSync(join(out, 'metrics.jsonl'), 'utf8').trim().split('\n').length, 1 + result.steps)
    const text = await halograd('generate', '--model', out, '--prompt', 'the', '--max-tokens', '2', '--backend', 'reference')
    assert.equal(text.code, 0, text.err)
  })

test('from another folder, with relative paths: results on standard output, words on standard error, exit code 0', async () => {
  const args = ['generate', '--model', 'model', '--prompt', 'the dog', '--max-tokens', '2', '--temperature', '0', '--backend', 'reference']
  const { code, out, err } = await start(args)
  assert.equal(code, 0, err)
  assert.match(out, /^the dog/)
  assert.match(err, /backend: reference/)
})
