/** Threads: the same bits at any number of them, no thread that outlives its use, and errors that say what happened. */
import { strict as assert } from 'node:assert'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { wasm } from '../../backends/wasm/index.ts'
import { add, read, tensor } from '../../core/index.ts'
import { descend } from './descend.ts'

test('the number of threads does not change a bit', async () => {
  const { mode, alive, results } = await descend(wasm, 1)
  assert.deepEqual([mode, alive], ['1 thread', 0])
  const [first, last] = [results[0]![0]!, results[4]![0]!]
  assert(last < first, `the loss goes from ${first} to ${last}`)
  for (const threads of [2, 3]) assert.deepEqual(await descend(wasm, threads), { mode: `${threads} threads`, alive: 0, results })
})

test('a backend that is not closed does not keep the process alive', () => {
  const file = fileURLToPath(new URL('idle.ts', import.meta.url))
  const printed = execFileSync(process.execPath, ['--import', 'tsx', file], { encoding: 'utf8', timeout: 20000 })
  assert.equal(printed.trim(), '2 threads')
})

test('one thread has nothing to say of how programs run', async () => {
  const backend = await wasm({ threads: 1 })
  await read(backend, add(tensor({ i: 3 }, new Float32Array(3)), 1))
  assert.equal(backend.notice?.(), undefined)
  await backend.close?.()
})

test('wrong numbers of threads, freed arrays and closed backends are refused', async () => {
  for (const threads of [0, 1.5, 65]) await assert.rejects(wasm({ threads }), RangeError)
  const backend = await wasm({ threads: 1 })
  const array = backend.upload([1, 2, 3])
  backend.free(array)
  assert.throws(() => backend.free(array), /was freed/)
  await assert.rejects(backend.download(array), /was freed/)
  await backend.close?.()
  await assert.rejects(read(backend, add(tensor({ a: 2 }, [1, 2]), 1)), /closed/)
})
