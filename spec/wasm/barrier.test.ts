/** Who waits long for the others sleeps, so that they get the core; who must not sleep spins. Threads wait for events here, not for times. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { block, br, br_if, loop, seq } from '../../backends/wasm/control.ts'
import { nodeHost } from '../../backends/wasm/host/node.ts'
import { type Code, i32 } from '../../backends/wasm/instructions.ts'
import { heap } from '../../backends/wasm/memory.ts'
import { module } from '../../backends/wasm/module.ts'
import { threadPool } from '../../backends/wasm/pool.ts'
import { control, runtime } from '../../backends/wasm/runtime.ts'

const zero = i32.const(0)
/** A turn of `turns` at most; leaves the loop when the condition holds. */
const until = (condition: Code<'i32'>, turns: number) =>
  ((locals) => {
    const n = locals('i32')
    const next = n.set(i32.add(n.get, i32.const(1)))
    return block(loop(seq(br_if(1, condition), br_if(1, i32.eq(n.get, i32.const(turns))), next, br(0))))
  }) satisfies Parameters<ReturnType<typeof module>['define']>[2]

/** Thread 0 comes to a barrier, thread 1 when `condition` holds: what thread 0 counted, and how many slept when thread 1 came. */
const meeting = async (blocks: boolean, condition: Code<'i32'>, turns: number) => {
  const store = heap(true)
  const { memory, pages } = store
  const type = { pages, shared: true }
  const common = await WebAssembly.compile(runtime(type, false, blocks))
  const pool = await threadPool(nodeHost, store, common, 2, undefined)
  const m = module(type)
  const barrier = m.import('barrier', ['i32', 'i32'])
  const seen = store.take(4)
  m.define('main', ['i32', 'i32', 'i32'], (locals, _, thread, threads) =>
    seq(
      until(condition, turns)(locals),
      i32.store(i32.const(seen), i32.atomic.load(zero, control.sleepers)),
      barrier(thread.get, threads.get),
    ),
  )
  await pool.load(0, await WebAssembly.compile(m.binary()), [])
  const own = (await WebAssembly.instantiate(common, { host: { memory } })).exports as {
    readonly barrier: (thread: number, of: number) => void
  }
  pool.start(0, 0, 2)
  own.barrier(0, 2)
  await pool.close()
  const words = store.integers()
  return { polls: words[control.polls / 4]!, slept: words[seen / 4]!, sleepers: words[control.sleepers / 4]! }
}

test('a thread that waits long sleeps, and is woken when the last one comes', async () => {
  // Thread 1 comes only when thread 0 sleeps; so if it never slept, in two thousand million turns.
  const { polls, slept, sleepers } = await meeting(true, i32.atomic.load(zero, control.sleepers), 2e9)
  assert.deepEqual({ slept, sleepers }, { slept: 1, sleepers: 0 })
  assert.ok(polls >= 1_000_000, `${polls} polls: a sleep counts as a million`)
})

test('control: the main thread of a page does not sleep, however long it waits', async () => {
  const { polls, slept, sleepers } = await meeting(false, zero, 1e8)
  assert.deepEqual({ slept, sleepers }, { slept: 0, sleepers: 0 })
  assert.ok(polls > 0)
})
