/** Of two processes on one directory the second is refused, whatever it wants to write there; one that was killed holds nothing. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { exclusively } from '../../app/inputs/lock.ts'
import { BusyError } from '../../app/terminal/errors.ts'
import { halograd, interrupted, jsonLines, judged, temporary, tinyModel } from './fixture.ts'

const bin = join(dirname(fileURLToPath(import.meta.url)), '../../app/cli/halograd.mjs')
const folder = temporary()
const model = await tinyModel(join(folder, 'model'))
const data = jsonLines(join(folder, 'judged.jsonl'), judged)
const options = ['--model', model, '--data', data, '--steps', '1000000', '--batch', '4', '--save-every', '1', '--backend', 'reference']
const align = ['align', '--halo', 'kto', ...options] as const

/** A directory with this lock in it. */
const held = (name: string, lock: string): string => {
  mkdirSync(join(folder, name))
  writeFileSync(join(folder, name, '.lock'), lock)
  return join(folder, name)
}
const since = '2026-01-01T00:00:00.000Z'
/** Of a process that has ended. */
const dead = async (): Promise<string> => {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await once(child, 'exit')
  return JSON.stringify({ host: hostname(), process: child.pid, since })
}

test('whoever wants to write where a run writes is refused; whoever reads is not; after SIGKILL, --resume takes over', async () => {
  const out = join(folder, 'busy')
  const first = spawn(process.execPath, [bin, ...align, '--out', out], { stdio: ['ignore', 'ignore', 'pipe'] })
  try {
    for await (const text of first.stderr) if (String(text).includes('align 1/')) break
    const others = [
      [...align, '--resume'],
      ['train', 'sft', ...options],
      ['export', '--model', model],
      ['demo', '--size', 'small'],
      ['reproduce', 'table1', '--quick'],
    ]
    for (const args of others) {
      const { code, err } = await halograd(...args, '--out', out)
      assert.equal(code, 1, err)
      assert.match(err, new RegExp(`error: \\S*/busy is held by process ${first.pid}, since 20\\S*Z\\. .*choose another --out, or wait`))
    }
    while (!existsSync(join(out, 'checkpoints'))) await setTimeout(20)
    const plot = await halograd('plot', 'run', out, '--out', join(folder, 'run.svg'))
    assert.equal(plot.code, 0, plot.err)
  } finally {
    first.kill('SIGKILL')
    await once(first, 'exit')
  }
  assert.ok(existsSync(join(out, '.lock')))
  const resumed = await interrupted(/resumed after step [1-9]/, ...align, '--out', out, '--resume')
  assert.equal(resumed.code, 130, resumed.err)
  assert.ok(!existsSync(join(out, '.lock')))
})

test('a number that is another process’s by now holds nothing', async () => {
  const out = held('reused', JSON.stringify({ host: hostname(), process: process.pid, began: '1', since }))
  assert.equal(await exclusively(out, async () => 'done'), 'done')
  assert.deepEqual(readdirSync(out), [])
})

test('what cannot be known from here is not taken over: it is said what to delete, and when', async () => {
  const elsewhere = held('elsewhere', JSON.stringify({ host: 'another', process: 7, since }))
  const torn = held('torn', '{"host"')
  const says = {
    [elsewhere]: /elsewhere is held by process 7 of another machine, another, since 2026\S*\. .*delete \S*elsewhere\/\.lock$/,
    [torn]: /torn is held by an unknown process\. .*if none works there, delete \S*torn\/\.lock$/,
  }
  for (const [out, said] of Object.entries(says)) {
    const before = readFileSync(join(out, '.lock'), 'utf8')
    await assert.rejects(exclusively(out, assert.fail), (error) => error instanceof BusyError && said.test(error.message))
    assert.deepEqual([readdirSync(out), readFileSync(join(out, '.lock'), 'utf8')], [['.lock'], before])
  }
})

test('of many that come at once to what a dead process has left, one gets it', async () => {
  const out = held('many', await dead())
  const all = await Promise.allSettled(Array.from({ length: 8 }, () => exclusively(out, () => setTimeout(300, 'done'))))
  const reasons = all.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
  assert.equal(reasons.length, 7)
  for (const reason of reasons) assert.ok(reason instanceof BusyError, String(reason))
})

test('a directory that nothing was written to is not left behind', async () => {
  const { code } = await halograd(...align, '--data', join(folder, 'absent.jsonl'), '--out', join(folder, 'new', 'deep'))
  assert.equal(code, 1)
  assert.ok(!existsSync(join(folder, 'new')))
})
