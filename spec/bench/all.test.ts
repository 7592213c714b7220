/** Of what is measured several times, the attempt on quiet cores counts, or else the fastest. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { counting } from '../../app/bench/all.ts'
import { isUsual, quietUntil, watchCores } from '../../app/bench/quiet.ts'
import { type Row, replacing } from '../../app/bench/row.ts'

const identity = { rate: (x: number) => x, steady: (x: number) => x !== 6.5 }
/** Results of each attempt at two parts, and what they were measured as. `looks`: what is seen of the cores before and after each. */
const follow = async (ratings: readonly (readonly number[])[], looks: readonly boolean[]) => {
  const order: number[] = []
  const trials = [0, 1].map((part) => ({
    threads: 1,
    measure: async () => {
      order.push(part)
      return new Map([[`${part}`, ratings[order.filter((each) => each === part).length - 1]![part]!]])
    },
  }))
  const told: string[] = []
  const look = looks.values()
  const quiet = async () => look.next().value ?? assert.fail('one look more than expected')
  const rounds = counting(trials, { ...identity, quiet, patient: async () => ((await quiet()) ? 1 : undefined) })
  for await (const { part, attempt, quietly, result } of rounds)
    told.push(`${part}, attempt ${attempt}${quietly ? ', quiet' : ''}: ${result}`)
  assert.equal(look.next().done, true, 'every look was used')
  return { order, told }
}
/** Before and after. */
const [restless, disturbed, still] = [[false], [true, false], [true, true]]

test('each part is measured once, whoever else is there; and again only when the cores are quiet', async () => {
  const { order } = await follow([[5, 7]], [restless, restless, [false]].flat())
  assert.deepEqual(order, [0, 1])
})

test('parts are measured by turns; a later attempt is only told if it is rated higher', async () => {
  const ratings = [
    [5, 7],
    [6, 7],
    [4, 8],
  ]
  const { order, told } = await follow(ratings, [...Array<readonly boolean[]>(6).fill(disturbed), [false]].flat())
  assert.deepEqual(order, [0, 1, 0, 1, 0, 1])
  assert.deepEqual(told, ['0, attempt 1: 5', '1, attempt 1: 7', '0, attempt 2: 6', '1, attempt 3: 8'])
})

test('a part is done when the cores were quiet before and after', async () => {
  const { order, told } = await follow([[5, 7], [6]], [disturbed, still, still].flat())
  assert.deepEqual(order, [0, 1, 0])
  assert.deepEqual(told, ['0, attempt 1: 5', '1, attempt 1, quiet: 7', '0, attempt 2, quiet: 6'])
})

test('a part is not done that was disturbed in between; then a steady attempt counts, even if it is slower', async () => {
  const { told } = await follow([[6.5, 7], [6]], [still, still, still].flat())
  assert.deepEqual(told, ['0, attempt 1: 6.5', '1, attempt 1, quiet: 7', '0, attempt 2, quiet: 6'])
})

test('each part of a trial is judged by itself, and none is lost when it is measured again', async () => {
  const attempts = [
    { a: 5, b: 6.5 },
    { a: 9, b: 6 },
  ].values()
  const measure = async () => new Map(Object.entries(attempts.next().value ?? assert.fail('both parts were quiet')))
  const told: string[] = []
  const rounds = counting([{ threads: 1, measure }], { ...identity, quiet: async () => true, patient: async () => 1 })
  for await (const { part, attempt, quietly, result } of rounds)
    told.push(`${part}, attempt ${attempt}${quietly ? ', quiet' : ''}: ${result}`)
  assert.deepEqual(told, ['a, attempt 1, quiet: 5', 'b, attempt 1: 6.5', 'b, attempt 2, quiet: 6'])
})

test('where few cores are quiet, what needs few is measured', async () => {
  const order: number[] = []
  const trials = [2, 1].map((threads) => ({ threads, measure: async () => new Map([[`${order.push(threads)}`, 1]]) }))
  let first = true
  const quiet = async (threads: number) => threads === 1 && !first
  const patient = async (among: readonly number[]) => {
    first = false
    return among.find((threads) => threads === 1)
  }
  for await (const _ of counting(trials, { ...identity, quiet, patient }));
  assert.deepEqual(order, [2, 1, 1], 'what needs both was measured once, and what needs one until it was quiet')
})

test('one waits for quiet cores, but not forever; first for many', async () => {
  const now = performance.now()
  assert.equal(await quietUntil([1], async () => true, now), undefined, 'it is too late to look')
  assert.equal(await quietUntil([1], async () => false, now + 10), undefined)
  const looks = [false, false, false, true]
  const asked: number[] = []
  const quiet = async (threads: number) => looks[asked.push(threads) - 1] ?? assert.fail('it was quiet')
  assert.equal(await quietUntil([1, 2], quiet, now + 60_000), 1)
  assert.deepEqual(asked, [2, 1, 2, 1])
})

test('cores are quiet when most of the work takes no longer than the fastest so far', async () => {
  const usual = isUsual()
  const looks = [
    [4, 4.1, 9],
    [4, 5, 5],
    [2, 4, 4],
    [2, 2.05, 2.1],
    [4, 4.1, 4],
  ] // the third shows that the first were slow
  assert.deepEqual(looks.map(usual), [true, false, false, true, false])
  const watch = await watchCores([1, 2], true)
  for (const threads of [1, 2]) assert.equal(typeof (await watch.quiet(threads)), 'boolean')
  await watch.close()
})

test('rows of a later attempt take the place of those of an earlier one, and of no others', () => {
  const row = (part: string | undefined, attempt: number, kernel: string): Row => ({
    ...{ what: 'profile', backend: 'wasm', kernel, calls: 1, time: 1, share: 1, attempt },
    ...(part === undefined ? {} : { part }),
  })
  const [machine, one, other] = [row(undefined, 1, 'machine'), row('gemm', 1, 'a'), row('kernels', 1, 'b')]
  const [again, more] = [row('gemm', 2, 'c'), row('gemm', 2, 'd')]
  assert.deepEqual([machine, one, other, again, more].reduce<readonly Row[]>(replacing, []), [machine, other, again, more])
})
