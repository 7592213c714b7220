/** Of what is measured several times, the attempt on the quietest cores counts; and until there are quiet ones, one waits. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { counting } from '../../app/bench/all.ts'
import { between, isQuiet, watchCores } from '../../app/bench/quiet.ts'
import { type BenchRow, replacing } from '../../app/bench/row.ts'

/**
 * What trials named after their threads (2, 2b, 1, …) are measured as, in a world of moments: a trial takes one, as does a pause. A look takes 1 when
 * as many cores are quiet ('.'), else 2 ('x'); a world ends as it began to end. Patience has an end.
 */
const follow = async (names: readonly string[], worlds: Readonly<Record<number, string>>, end: number): Promise<readonly string[]> => {
  let now = 0
  const look = (threads: number): number => (worlds[threads]!.charAt(Math.min(now, worlds[threads]!.length - 1)) === 'x' ? 2 : 1)
  const trials = names.map((name) => {
    const threads = Number.parseInt(name, 10)
    const measure = async () => {
      const took = look(threads)
      now++
      return new Map([[name, took]])
    }
    return { threads, measure }
  })
  const told: string[] = []
  const conditions = { lookOf: (took: number) => took, look: async (threads: number) => look(threads), patient: () => now < end }
  for await (const { part, attempt, result } of counting(trials, { ...conditions, pause: async () => void now++ }))
    told.push(`at ${now - 1} attempt ${attempt} at ${part}: ${result === 1 ? 'quiet' : 'disturbed'}`)
  return told
}

test('on quiet cores each is measured once, what needs many cores first', async () => {
  assert.deepEqual(await follow(['1', '2', '2b'], { 1: '.', 2: '.' }, 9), [
    'at 0 attempt 1 at 2: quiet',
    'at 1 attempt 1 at 2b: quiet',
    'at 2 attempt 1 at 1: quiet',
  ])
})

test('where few cores are quiet, what needs few is measured, and one waits with the rest', async () => {
  assert.deepEqual(await follow(['2', '2b', '1', '1b'], { 1: '.', 2: '.xxxx.' }, 9), [
    'at 0 attempt 1 at 2: quiet',
    'at 1 attempt 1 at 1: quiet',
    'at 2 attempt 1 at 1b: quiet',
    'at 5 attempt 1 at 2b: quiet',
  ])
})

test('when patience ends, what is missing is measured on whatever cores there are', async () => {
  assert.deepEqual(await follow(['1', '1b', '1c'], { 1: '.x' }, 4), [
    'at 0 attempt 1 at 1: quiet',
    'at 4 attempt 1 at 1b: disturbed',
    'at 5 attempt 1 at 1c: disturbed',
  ])
  assert.equal((await follow(['1', '1b'], { 1: 'x' }, 0)).length, 2, 'without patience, everything is measured once')
})

test('what was taken for quiet cores is measured again when there are quieter ones, and only those results count', async () => {
  assert.deepEqual(await follow(['1', '1b'], { 1: 'x.' }, 9), [
    'at 0 attempt 1 at 1: disturbed',
    'at 1 attempt 1 at 1b: quiet',
    'at 2 attempt 2 at 1: quiet',
  ])
})

test('each part of a trial is judged by itself, and what counts is not lost when it is measured again', async () => {
  const attempts = [Object.entries({ a: 1, b: 2 }), Object.entries({ a: 1.02, b: 1.5 }), Object.entries({ a: 0.99, b: 1.03 })].values()
  const measure = async () => new Map(attempts.next().value ?? assert.fail('both parts were quiet'))
  const told: string[] = []
  const conditions = { lookOf: (x: number) => x, look: async () => 1, patient: () => true, pause: async () => assert.fail('it is quiet') }
  for await (const { part, result } of counting([{ threads: 1, measure }], conditions)) told.push(`${part}: ${result}`)
  assert.deepEqual(told, ['a: 1', 'b: 2', 'b: 1.5', 'a: 0.99', 'b: 1.03'])
})

test('cores are looked at before and after each row that does not say what looks at them took', async () => {
  const row = (look?: number): BenchRow => ({
    what: 'x',
    refused: '',
    backend: '',
    against: '',
    threads: 1,
    ...(look === undefined ? {} : { look }),
  })
  const rows = async function* (): AsyncGenerator<BenchRow> {
    yield* [row(), row(7), row()]
  }
  const looks = [1, 3, 2, 4].values()
  const seen: (number | undefined)[] = []
  for await (const { look } of between(rows(), async () => looks.next().value ?? assert.fail('one look more'))) seen.push(look)
  assert.deepEqual(seen, [3, 7, 4])
})

test('a look is the time of work, and is that of quiet cores when it is hardly longer than the shortest', async () => {
  const watch = await watchCores(2, true)
  assert.ok((await watch.look()) > 0)
  await watch.close()
  assert.deepEqual(
    [1, 1.04, 1.06].map((look) => isQuiet(look, 1)),
    [true, true, false],
  )
})

test('rows of a later attempt take the place of those of an earlier one, and of no others', () => {
  const row = (part: string | undefined, attempt: number, kernel: string): BenchRow => ({
    ...{ what: 'profile', backend: 'wasm', kernel, calls: 1, time: 1, share: 1, attempt },
    ...(part === undefined ? {} : { part }),
  })
  const [machine, one, other] = [row(undefined, 1, 'machine'), row('gemm', 1, 'a'), row('kernels', 1, 'b')]
  const [again, more] = [row('gemm', 2, 'c'), row('gemm', 2, 'd')]
  assert.deepEqual([machine, one, other, again, more].reduce<readonly BenchRow[]>(replacing, []), [machine, other, again, more])
})
