/** What is measured several times counts at its fastest. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fastest } from '../../app/bench/all.ts'
import { type Row, replacing } from '../../app/bench/row.ts'

test('parts are measured by turns; a later attempt is only told if it is rated higher', async () => {
  const ratings = [
    [5, 7],
    [6, 7],
    [4, 8],
  ]
  const order: string[] = []
  const measures = [0, 1].map((part) => async () => {
    order.push(`${part}`)
    return ratings[Math.floor((order.length - 1) / 2)]![part]!
  })
  const told: string[] = []
  for await (const { part, attempt, result } of fastest(3, measures, (x) => x)) told.push(`${part}, attempt ${attempt}: ${result}`)
  assert.deepEqual(order, ['0', '1', '0', '1', '0', '1'])
  assert.deepEqual(told, ['0, attempt 1: 5', '1, attempt 1: 7', '0, attempt 2: 6', '1, attempt 3: 8'])
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
