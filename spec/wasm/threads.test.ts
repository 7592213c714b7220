/** Threads: the same bits at any number of them, no thread that outlives its use, and errors that say what happened. */
import { strict as assert } from 'node:assert'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findBlas, wasm } from '../../backends/wasm/index.ts'
import { add, dot, normal, read, tensor } from '../../core/index.ts'
import { descend } from './descend.ts'

test('the number of threads does not change a bit', async () => {
  const { mode, alive, results } = await descend(wasm, 1)
  assert.deepEqual([mode, alive], ['1 thread', 0])
  const [first, last] = [results[0]![0]!, results[4]![0]!]
  assert(last < first, `the loss goes from ${first} to ${last}`)
  for (const threads of [2, 3]) assert.deepEqual(await descend(wasm, threads), { mode: `${threads} threads`, alive: 0, results })
})

/** Products as rows × inner × columns, with a loop around: of every size at which a BLAS may change its kernel. */
const products = [
  [1, 24, 16, 24],
  [1, 37, 40, 51],
  [3, 33, 29, 17],
  [1, 130, 333, 70],
  [5, 65, 129, 130],
  [1, 258, 400, 260],
  [2, 300, 256, 330],
] as const
test('with a BLAS the number of threads does not change a bit either, whatever the size of a product', {
  skip: (await findBlas()) === undefined && 'no BLAS was found on this machine, or koffi is not installed',
}, async () => {
  const computed = async (threads: number): Promise<readonly Float64Array[]> => {
    const backend = await wasm({ threads, blas: 'auto' })
    const results: Float64Array[] = []
    for (const [loop, m, k, n] of products) {
      const x = normal(tensor({}, [1]), { loop, m, k }, 0)
      const y = normal(tensor({}, [2]), { loop, k, n }, 0)
      results.push(Float64Array.from(await read(backend, dot(x, y, 'k'))))
    }
    await backend.close?.()
    return results
  }
  const alone = await computed(1)
  for (const threads of [2, 3, 5]) assert.deepEqual(await computed(threads), alone, `${threads} threads`)
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
