/** Writing is all or nothing: under concurrent readers, failing disks and killed processes. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, beforeEach, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { FileError, readText, writeAtomically, writeDirectoryAtomically } from '../../models/index.ts'

const base = await mkdtemp(join(tmpdir(), 'halograd-files-'))
let directory = base

describe('atomic writing', () => {
  beforeEach(async () => {
    directory = await mkdtemp(join(base, 'case-'))
  })
  after(() => rm(base, { recursive: true }))

  test('a file appears whole, replaces whole, and nothing stays beside it', async () => {
    const file = join(directory, 'new', 'deep', 'x.txt')
    await writeAtomically(file, 'one')
    await writeAtomically(file, new TextEncoder().encode('two'))
    assert.equal(await readText(file), 'two')
    assert.deepEqual(await readdir(join(directory, 'new', 'deep')), ['x.txt'])
  })

  test('readers see the old file or the new one, never a part', async () => {
    const file = join(directory, 'x')
    const contents = ['a', 'b'].map((letter) => letter.repeat(1 << 20))
    await writeAtomically(file, contents[0]!)
    let writing = true
    const reading = (async () => {
      let reads = 0
      for (; writing || reads === 0; reads++) assert.ok(contents.includes(await readText(file)), 'a torn file')
    })()
    for (let i = 0; i < 10; i++) await writeAtomically(file, contents[i % 2]!)
    writing = false
    await reading
  })

  test('a new directory appears with all its files; in an old one other files stay', async () => {
    const out = join(directory, 'out')
    await writeDirectoryAtomically(out, { 'config.json': '{}', weights: Uint8Array.of(1, 2) })
    assert.deepEqual((await readdir(out)).sort(), ['config.json', 'weights'])
    await writeFile(join(out, 'notes.txt'), 'mine')
    await writeDirectoryAtomically(out, { 'config.json': '{"a":1}' })
    assert.deepEqual((await readdir(out)).sort(), ['config.json', 'notes.txt', 'weights'])
    assert.equal(await readText(join(out, 'config.json')), '{"a":1}')
    assert.equal(await readText(join(out, 'notes.txt')), 'mine')
    assert.deepEqual(await readdir(directory), ['out'])
  })

  test('a failed write changes nothing and leaves nothing', async () => {
    const out = join(directory, 'out')
    await writeDirectoryAtomically(out, { 'a.txt': 'old' })
    // The second file cannot be written: its name asks for a directory that is not there.
    const broken = { 'a.txt': 'new', 'absent/b.txt': 'b' }
    await assert.rejects(writeDirectoryAtomically(out, broken), FileError)
    assert.equal(await readText(join(out, 'a.txt')), 'old')
    assert.deepEqual(await readdir(out), ['a.txt'])
    await assert.rejects(writeDirectoryAtomically(join(directory, 'fresh'), broken), FileError)
    assert.deepEqual(await readdir(directory), ['out'])
    // The destination is a directory: the rename fails after the staged file was written.
    await mkdir(join(directory, 'taken', 'inside'), { recursive: true })
    await assert.rejects(writeAtomically(join(directory, 'taken'), 'x'), FileError)
    assert.deepEqual((await readdir(directory)).sort(), ['out', 'taken'])
  })

  test('errors say what to do', async () => {
    await assert.rejects(
      readText(join(directory, 'absent')),
      /absent: expected a file that can be read, found no such file.*ENOENT.*Check the path/,
    )
    await assert.rejects(readText(directory), /EISDIR.*Give the path of a file/)
    await writeFile(join(directory, 'file'), '')
    await assert.rejects(writeAtomically(join(directory, 'file', 'x'), ''), /found a file where a directory is needed/)
    await assert.rejects(writeDirectoryAtomically(join(directory, 'file'), { x: '' }), /a file where a directory is needed/)
  })

  test('an unwritable directory is refused', async () => {
    const root = process.geteuid?.() === 0 // who may write anywhere, and so steps down for a moment
    await chmod(directory, 0o500)
    if (root) process.seteuid?.(65534)
    try {
      await assert.rejects(writeAtomically(join(directory, 'x'), ''), /permission denied.*choose a path that you own/)
    } finally {
      if (root) process.seteuid?.(0)
      await chmod(directory, 0o700)
    }
  })

  /** Runs `script` (with `files` in scope) in a process of its own; `limit`, in blocks of 1 KiB, is the largest file that it may write. */
  const run = (script: string, limit = 'unlimited') => {
    const files = JSON.stringify(new URL('../../models/io/files.ts', import.meta.url).href)
    const code = `const files = await import(${files}); ${script}`
    return spawn('bash', [
      '-c',
      'ulimit -f "$1"; exec "$2" --import tsx --input-type=module -e "$3"',
      'bash',
      limit,
      process.execPath,
      code,
    ])
  }

  test('a write that breaks off half-way leaves the old file', { skip: process.platform === 'win32' && 'needs ulimit' }, async () => {
    const file = join(directory, 'x')
    await writeAtomically(file, 'old')
    const child = run(
      `await files.writeAtomically(${JSON.stringify(file)}, 'n'.repeat(1 << 20)).catch((e) => console.log(e.name, e.message))`,
      '64',
    )
    const [said] = await Promise.all([text(child.stdout), once(child, 'exit')])
    assert.match(said, /^FileError .*x: expected a file that can be written, found .*EFBIG/)
    assert.equal(await readText(file), 'old')
    assert.deepEqual(await readdir(directory), ['x'])
  })

  test('a killed writer leaves a whole file', { skip: process.platform === 'win32' && 'needs bash' }, async () => {
    const file = join(directory, 'x')
    const forever = `for (let i = 0; ; i++) { await files.writeAtomically(${JSON.stringify(file)}, String(i % 10).repeat(1 << 20)); console.log(i) }`
    const child = run(forever)
    await once(child.stdout, 'data')
    await setTimeout(100 * Math.random())
    child.kill('SIGKILL')
    await once(child, 'exit')
    assert.match(await readText(file), /^(\d)\1*$/)
    assert.equal((await readText(file)).length, 1 << 20)
  })
})
