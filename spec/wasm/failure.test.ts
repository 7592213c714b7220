/** A worker that dies, or meets a trap inside a program: whatever is awaited then, and whatever is asked later, is refused with the reason. Nothing waits. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { Worker } from 'node:worker_threads'
import { wasm } from '../../backends/index.ts'
import { nodeHost } from '../../backends/wasm/host/node.ts'
import { i32 } from '../../backends/wasm/instructions.ts'
import { heap } from '../../backends/wasm/memory.ts'
import { module } from '../../backends/wasm/module.ts'
import { threadPool } from '../../backends/wasm/pool.ts'
import { control, runtime } from '../../backends/wasm/runtime.ts'
import { compile, dot, read, type Tensor, tensor } from '../../core/index.ts'

test('answers of a worker come in order; when it fails, all that are awaited, and all later ones, are refused with the reason', async () => {
  const worker = await nodeHost.spawn(`
receive((x) => { if (x === 'fail') throw new Error('on purpose'); send(x) })`)
  const [first, second, third] = [worker.answer(), worker.answer(), worker.answer()]
  const refused = Promise.all([second, third].map((each) => assert.rejects(each, /a worker failed: on purpose/)))
  worker.send('well')
  await first
  assert.equal(worker.failure(), undefined)
  worker.send('fail')
  await refused
  await assert.rejects(worker.answer(), /on purpose/)
  assert.match(String(worker.failure()), /on purpose/)
  await worker.end()
  await worker.end()
  assert.match(String(worker.failure()), /on purpose/)
})

test('a worker that has ended is no worker: the reason is told', async () => {
  const worker = await nodeHost.spawn('\nreceive(() => process.exit(3))')
  const awaited = assert.rejects(worker.answer(), /a worker has ended/)
  worker.send('')
  await awaited
})

const squares = (n: number): Tensor<'i' | 'j'> =>
  tensor(
    { i: n, j: n },
    Float32Array.from({ length: n * n }, (_, k) => k % 7),
  )

test('a backend one of whose workers has ended refuses programs, old and new; it can be closed, and closed again', async () => {
  const started: Worker[] = []
  const post = Worker.prototype.postMessage
  Worker.prototype.postMessage = function (this: Worker, ...message) {
    started.push(this)
    return post.apply(this, message)
  }
  try {
    const backend = await wasm({ threads: 2 })
    const product = (x: Tensor<'i' | 'j'>, y: Tensor<'j' | 'k'>): Tensor<'i' | 'k'> => dot(x, y, 'j')
    const run = compile(backend, product)
    const [a, b] = [squares(300), tensor({ j: 300, k: 300 }, new Float32Array(90_000).fill(1))]
    await read(backend, await run(a, b))
    assert.equal(started.length > 0, true)
    await started.at(-1)?.terminate() // the loader of TypeScript is a worker, too
    await assert.rejects(run(a, b), /wasm: a worker has ended: open the backend again/)
    const other = tensor({ j: 300, k: 200 }, new Float32Array(60_000).fill(1))
    await assert.rejects(run(a, other), /wasm: a worker has ended/)
    await backend.close?.()
    await backend.close?.()
    await assert.rejects(run(a, b), /this backend is closed/)
  } finally {
    Worker.prototype.postMessage = post
  }
})

test('a trap inside a program frees those who wait for that thread, and is told', async () => {
  const store = heap(true)
  const { memory, pages } = store
  const type = { pages, shared: true }
  const common = await WebAssembly.compile(runtime(type))
  const pool = await threadPool(nodeHost, store, common, 2, undefined)
  const m = module(type)
  const zero = i32.const(0)
  m.define('main', ['i32', 'i32', 'i32'], (locals) => locals('i32').set(i32.div_u(i32.const(1), zero)))
  await pool.load(0, await WebAssembly.compile(m.binary()), [])
  pool.start(0, 0, 2)
  const { barrier } = (await WebAssembly.instantiate(common, { host: { memory } })).exports as {
    barrier: (thread: number, of: number) => void
  }
  barrier(0, 2)
  Atomics.wait(store.integers(), control.failed / 4, 0, 10_000)
  assert.throws(() => pool.check(), /a worker failed inside a program/)
  assert.throws(() => pool.start(0, 0, 2), /a worker failed inside a program/)
  await assert.rejects(pool.load(1, await WebAssembly.compile(m.binary()), []), /a worker failed/)
  await pool.close()
  await pool.close()
})
