/** Calls of workers: answers, news and failures reach the caller; a worker that does not answer is ended, and another one begins. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { EndedError, remote } from '../../app/page/rpc.ts'

interface Question {
  readonly id: number
  readonly name: string
  readonly args: readonly number[]
}
/** What a page has as a worker, without one: `double` answers after some news, `fail` fails, `loop` never answers. */
const workers = () => {
  let [started, ended] = [0, 0]
  const start = (): Worker => {
    started++
    const say = (data: object): void => void queueMicrotask(() => worker.onmessage?.call(worker, { data } as MessageEvent))
    const worker = {
      onmessage: null as Worker['onmessage'],
      onerror: null,
      postMessage: ({ id, name, args: [x = 0] }: Question) => {
        if (name === 'double')
          for (const answer of [
            { id, news: 'half' },
            { id, result: 2 * x },
          ])
            say(answer)
        if (name === 'fail') say({ id, failed: 'no reason' })
      },
      terminate: () => {
        ended++
      },
    } as unknown as Worker // what `remote` uses of one
    return worker
  }
  return { start, count: () => [started, ended] }
}
type Functions = { readonly double: (x: number) => number; readonly fail: () => void; readonly loop: () => void }

test('an answer, its news, and a failure reach the caller', async () => {
  const { start, count } = workers()
  const { ask } = remote<Functions>(start)
  assert.deepEqual(count(), [0, 0])
  const news: unknown[] = []
  assert.equal(await ask('double', [4], { onNews: (each) => news.push(each) }), 8)
  assert.deepEqual(news, ['half'])
  await assert.rejects(ask('fail', []), /^Error: no reason$/)
  assert.deepEqual(count(), [1, 0])
})

test('an endless loop is ended by its time limit, with all that wait; the next call begins another worker', async () => {
  const { start, count } = workers()
  const { ask } = remote<Functions>(start)
  const [loop, other] = [ask('loop', [], { within: 20 }), ask('loop', [])]
  const ended = (error: unknown): boolean => error instanceof EndedError && /stopped after 0\.02 seconds/.test(error.message)
  await Promise.all([assert.rejects(loop, ended), assert.rejects(other, ended)])
  assert.deepEqual(count(), [1, 1])
  assert.equal(await ask('double', [3], { within: 10_000 }), 6)
  assert.deepEqual(count(), [2, 1])
})
