/** E_Q r of every reference point against loops over arrays; and the derivatives of those that are not held. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { grad, sub, sum, type Tensor } from '../../core/index.ts'
import { constant } from '../../core/internal.ts'
import type { Everything } from '../../halos/evidence.ts'
import {
  anchor,
  batch,
  type Checked,
  getOrThrow,
  opposite,
  policy,
  type Reference,
  rankMatched,
  rejected,
  running,
  sampler,
} from '../../halos/index.ts'
import { expectation, pools } from '../../halos/reference.ts'
import { column, completion, numbers } from './numbers.ts'

/** Log-ratios of the completions of a batch, and its labels. */
interface Batch {
  readonly outcome: readonly number[]
  readonly chosen: readonly number[]
  readonly rejected: readonly number[]
  readonly unrelated: readonly number[]
  readonly label: readonly number[]
}
const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / Math.max(xs.length, 1)
const order = (xs: readonly number[]): readonly number[] => xs.map((_, i) => i).sort((i, j) => xs[i]! - xs[j]! || i - j)
const ofEqualRank = ({ chosen, rejected: others }: Batch): readonly number[] => {
  const [mine, theirs] = [order(chosen), order(others)]
  return chosen.map((_, i) => others[theirs[mine.indexOf(i)]!]!)
}
const otherLabel = ({ outcome, label }: Batch, own: number): number => mean(outcome.filter((_, j) => label[j] !== own))
const table: readonly (readonly [Checked<Reference>, (given: Batch) => number | readonly number[], pooled?: true])[] = [
  [rejected, ({ rejected: others }) => others],
  [rankMatched, ofEqualRank],
  [policy(), ({ unrelated }) => Math.max(0, mean(unrelated)), true],
  [policy({ clamped: false }), ({ unrelated }) => mean(unrelated), true],
  [anchor, () => 7],
  [sampler, () => 7],
  [batch, ({ outcome }) => mean(outcome), true],
  [running, ({ outcome }) => mean(outcome), true],
  [opposite, (given) => given.label.map((own) => Math.max(0, otherLabel(given, own)))],
]
const some = (n: number) => fc.array(fc.integer({ min: -4, max: 4 }), { minLength: n, maxLength: n })
const batches: fc.Arbitrary<Batch> = fc.integer({ min: 1, max: 5 }).chain((n) => {
  const label = fc.array(fc.constantFrom(1, -1), { minLength: n, maxLength: n })
  return fc.record({ outcome: some(n), chosen: some(n), rejected: some(n), unrelated: some(n), label })
})
const roles = ['outcome', 'chosen', 'rejected', 'unrelated'] as const
/** r(y) = u: completions whose reference model says 0. */
const evidence = (given: Batch): Everything => {
  const made = roles.map(
    (role) =>
      [
        role,
        completion(
          column(...given[role]),
          given[role].map(() => 0),
        ),
      ] as const,
  )
  return { ...Object.fromEntries(made), label: column(...given.label) } as unknown as Everything // what reference points look at
}
const reward = (y: { readonly policy: Tensor<'example'> }): Tensor<'example'> => y.policy

for (const [checked, expected, pooled = false] of table) {
  const reference = getOrThrow(checked)
  test(`E_Q r: ${reference.name}`, () =>
    fc.assert(
      fc.asyncProperty(batches, async (given) => {
        const found = await numbers(expectation(reference, reward, 7, evidence(given)))
        const meant = [expected(given)].flat()
        assert.equal(found.length, meant.length)
        found.forEach((x, i) => {
          assert.ok(Math.abs(x - meant[i]!) < 1e-12, `${found} is not ${meant}`)
        })
      }),
      { numRuns: 40 },
    ))
  test(`${reference.name}: what is pooled is all that an example must know of the others`, async () => {
    assert.equal(pools(reference), pooled)
    if (!pooled) return
    const given: Batch = { outcome: [1], chosen: [1], rejected: [2], unrelated: [4], label: [1] }
    assert.deepEqual(await numbers(expectation(reference, reward, 7, evidence(given), { sum: constant(6), count: constant(4) })), [1.5])
  })
}

test('what is held takes no gradient; of the others the gradient of the sum is Σ ∂E_Q r', async () => {
  const given: Batch = { outcome: [3, 1, 4], chosen: [2, 9, 5], rejected: [1, 7, 6], unrelated: [2, 2, 5], label: [1, -1, -1] }
  const flow = async (checked: Checked<Reference>, role: (typeof roles)[number]): Promise<readonly number[]> =>
    numbers(
      grad((p: Tensor<'example'>) => {
        const all = evidence(given)
        const point = expectation(getOrThrow(checked), reward, 7, { ...all, [role]: { ...all[role], policy: p } })
        return sum(sub(point, column(0, 0, 0)) as Tensor<'example'>, 'example')
      })(column(...given[role])),
    )
  const still: readonly Checked<Reference>[] = [policy(), anchor, sampler, batch, running]
  for (const held of still) for (const role of roles) assert.deepEqual(await flow(held, role), [0, 0, 0], getOrThrow(held).name)
  const close = (xs: readonly number[], ys: readonly number[]): void =>
    assert.ok(
      xs.every((x, i) => Math.abs(x - ys[i]!) < 1e-12),
      `${xs}`,
    )
  close(await flow(rejected, 'rejected'), [1, 1, 1])
  close(await flow(rankMatched, 'rejected'), [1, 1, 1])
  close(await flow(policy({ held: false }), 'unrelated'), [1, 1, 1])
  close(await flow(opposite, 'outcome'), [2, 0.5, 0.5])
})
