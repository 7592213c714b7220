/** The file that feedback is collected in: whole lines, whoever writes and whoever is killed; and `align` reads them. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { setTimeout as after } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openCollection, type RatedAnswer } from '../../app/collect/feedback.ts'
import { asLabelled, labelledToPairs, readRows } from '../../models/index.ts'
import { temporary } from './fixture.ts'

const answered: RatedAnswer = { id: 'a', prompt: [{ role: 'user', content: 'Who are you?' }], completion: 'A cat.\nA good one 🐈' }

test('a thumb is a judged completion; a correction and a choice are both sides of a pair', async () => {
  const file = join(temporary(), 'new', 'thumbs.jsonl')
  const collection = await openCollection(file)
  await collection.add(answered, { kind: 'thumbs', label: true })
  await collection.add({ ...answered, id: 'b' }, { kind: 'correction', text: 'A dog.' })
  await collection.add({ ...answered, id: 'c' }, { kind: 'choice', rejected: 'A cow.' })
  await collection.close()
  const rows = asLabelled(await readRows(file), file)
  assert.deepEqual(
    rows.map(({ completion, label }) => [completion.trim(), label]),
    [
      [answered.completion, true],
      [answered.completion, false],
      ['A dog.', true],
      [answered.completion, true],
      ['A cow.', false],
    ],
  )
  assert.equal(new Set(rows.map(({ prompt }) => prompt)).size, 1)
  const { pairs } = labelledToPairs(rows.slice(1, 3))
  assert.deepEqual([pairs[0]!.chosen.trim(), pairs[0]!.rejected.trim()], ['A dog.', answered.completion])
})

test('a fragment that a killed process left spoils no later line', async () => {
  const file = join(temporary(), 'thumbs.jsonl')
  writeFileSync(file, '{"prompt": "x", "compl')
  const collection = await openCollection(file)
  await collection.add(answered, { kind: 'thumbs', label: true })
  appendFileSync(file, '{"half')
  await collection.add({ ...answered, id: 'b' }, { kind: 'thumbs', label: false })
  await collection.close()
  const lines = readFileSync(file, 'utf8').split('\n')
  assert.deepEqual([lines[0], lines[2]], ['{"prompt": "x", "compl', '{"half'])
  assert.deepEqual([JSON.parse(lines[1]!).id, JSON.parse(lines[3]!).id, lines[4]], ['a', 'b', ''])
})

test('writers that are killed at random: every acknowledged event is there, once, and no line is torn', { timeout: 60_000 }, async () => {
  const file = join(temporary(), 'thumbs.jsonl')
  const writer = fileURLToPath(new URL('./collect-writer.ts', import.meta.url))
  const acknowledged: string[] = []
  const live = async (name: string, enough: number): Promise<void> => {
    const child = spawn(process.execPath, ['--import', 'tsx', writer, file, name], { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    child.stdout.on('data', (bytes) => {
      said += bytes
      if (said.split('\n').length > enough) after(Math.random() * 5).then(() => child.kill('SIGKILL'))
    })
    await new Promise((resolve) => child.on('close', resolve))
    acknowledged.push(...said.split('\n').slice(0, -1))
  }
  await Promise.all([0, 1, 2].map((i) => live(`writer${i}`, 10 + 15 * i)))
  await live('later', 5)
  const ids = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): string => JSON.parse(line).id)
  assert.ok(acknowledged.length >= 10 + 25 + 40 + 5)
  assert.equal(new Set(ids).size, ids.length)
  assert.deepEqual(
    acknowledged.filter((id) => !ids.includes(id)),
    [],
  )
})
