/** From token sequences to batches: padding, masks and truncation; the order of an epoch; KTO's unrelated completions. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { BatchError, type Example, fit, shuffle } from '../../models/index.ts'
import { bucketLength, epochOf, mismatch, pad, padTogether, seedFor, unrelated } from '../../models/internal.ts'

const token = fc.integer({ min: 1, max: 99 })
const example: fc.Arbitrary<Example> = fc.record(
  { prompt: fc.array(token, { maxLength: 12 }), completion: fc.array(token, { minLength: 1, maxLength: 12 }) },
  { noNullPrototype: true },
)
const examples = fc.array(example, { minLength: 1, maxLength: 10 })

describe('padding', () => {
  test('lengths are rounded up to few buckets, within the context', () => {
    assert.deepEqual(
      [0, 1, 4, 5, 17, 33, 64, 65, 497].map((n) => bucketLength(n, 500)),
      [4, 4, 4, 8, 20, 40, 64, 80, 500],
    )
    assert.deepEqual(
      [1, 32, 33, 90].map((n) => bucketLength(n, 80, 32)),
      [32, 32, 64, 80],
    )
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), (n) => {
        const length = bucketLength(n, 8192)
        assert.ok(length % 4 === 0 && length >= n && length < Math.max(1.25 * n, n + 4))
        assert.equal(bucketLength(length, 8192), length)
      }),
    )
  })

  test('a batch holds every fitted example, masks its completion, and pads the rest', () => {
    fc.assert(
      fc.property(examples, fc.integer({ min: 2, max: 30 }), fc.constantFrom(undefined, 5), (given, context, bucket) => {
        const { batch, seq, tokens, mask, truncated } = pad(given, { context, padding: 0, ...(bucket !== undefined && { bucket }) })
        assert.equal(batch, given.length)
        assert.ok(seq <= context)
        assert.deepEqual([tokens.length, mask.length], [batch * seq, batch * seq])
        given.forEach((one, row) => {
          const { prompt, completion } = fit(one, context)
          const line = [...tokens.subarray(row * seq, (row + 1) * seq)]
          const used = prompt.length + completion.length
          assert.deepEqual(line, [...prompt, ...completion, ...Array(seq - used).fill(0)])
          const counted = line.map((_, t) => (t >= Math.max(prompt.length, 1) && t < used ? 1 : 0))
          assert.deepEqual([...mask.subarray(row * seq, (row + 1) * seq)], counted)
        })
        const over = given.filter(({ prompt, completion }) => prompt.length + completion.length > context)
        assert.equal(truncated.prompts, over.filter(({ prompt }) => prompt.length > 1).length)
        assert.equal(truncated.completions, given.filter((one) => fit(one, context).completion.length < one.completion.length).length)
      }),
    )
  })

  test('the end of the prompt is kept, then the beginning of the completion', () => {
    const long = { prompt: [1, 2, 3, 4], completion: [5, 6, 7] }
    assert.deepEqual(fit(long, 7), long)
    assert.deepEqual(fit(long, 5), { prompt: [3, 4], completion: [5, 6, 7] })
    assert.deepEqual(fit(long, 4), { prompt: [4], completion: [5, 6, 7] })
    assert.deepEqual(fit(long, 3), { prompt: [4], completion: [5, 6] })
    assert.deepEqual(fit({ prompt: [], completion: [5, 6, 7] }, 2), { prompt: [], completion: [5, 6] })
    assert.deepEqual(pad([long], { context: 3 }).truncated, { prompts: 1, completions: 1 })
  })

  test('batches padded together have one length', () => {
    const [a, b] = padTogether([[{ prompt: [1], completion: [2] }], [{ prompt: [1, 2, 3], completion: [4, 5] }]], { context: 64 })
    assert.deepEqual([a?.seq, b?.seq], [8, 8])
  })
})

describe('the order of an epoch', () => {
  const setting = fc
    .record({
      labels: fc.array(fc.boolean(), { minLength: 1, maxLength: 300 }),
      size: fc.integer({ min: 1, max: 32 }),
      seed: fc.integer(),
      grouped: fc.boolean(),
    })
    .filter(({ labels, size }) => labels.length >= size)
  const lengthsOf = (labels: readonly boolean[]) => labels.map((_, i) => (i * 7919) % 101)

  test('every example comes once, but for an incomplete last batch', () => {
    fc.assert(
      fc.property(setting, ({ labels, size, seed, grouped }) => {
        const batches = epochOf(labels, { size, seed, epoch: 0, ...(grouped ? { lengths: lengthsOf(labels) } : {}) })
        assert.equal(batches.length, Math.floor(labels.length / size))
        assert.ok(batches.every((batch) => batch.length === size))
        assert.equal(new Set(batches.flat()).size, batches.length * size)
      }),
    )
  })

  test('every batch has the labels in the proportion of the data, to within two', () => {
    fc.assert(
      fc.property(setting, ({ labels, size, seed, grouped }) => {
        const share = labels.filter(Boolean).length / labels.length
        for (const batch of epochOf(labels, { size, seed, epoch: 0, ...(grouped ? { lengths: lengthsOf(labels) } : {}) }))
          assert.ok(Math.abs(batch.filter((i) => labels[i]).length - share * size) <= 2)
      }),
    )
  })

  test('grouping by length wastes less', () => {
    const labels = Array.from({ length: 512 }, (_, i) => i % 3 === 0)
    const lengths = lengthsOf(labels)
    const padded = (grouped: boolean) =>
      epochOf(labels, { size: 8, seed: 1, epoch: 0, ...(grouped ? { lengths } : {}) })
        .map((batch) => 8 * Math.max(...batch.map((i) => lengths[i]!)))
        .reduce((a, b) => a + b)
    assert.ok(padded(true) < 0.75 * padded(false), `${padded(true)} of ${padded(false)}`)
  })

  test('the same seed gives the same order, another seed or epoch another', () => {
    const labels = Array.from({ length: 64 }, (_, i) => i % 2 === 0)
    const order = (seed: number, epoch: number) => epochOf(labels, { size: 8, seed, epoch }).flat()
    assert.deepEqual(order(1, 0), order(1, 0))
    assert.notDeepEqual(order(1, 0), order(2, 0))
    assert.notDeepEqual(order(1, 0), order(1, 1))
  })

  test('not shuffled, batches follow one another in the data, the same every epoch', () => {
    const labels = Array.from({ length: 19 }, (_, i) => i % 3 === 0)
    const inOrder = (epoch: number) => epochOf(labels, { size: 4, seed: 5, epoch, lengths: lengthsOf(labels), shuffled: false })
    assert.deepEqual(inOrder(0).flat(), [...labels.keys()].slice(0, 16))
    assert.deepEqual(inOrder(1), inOrder(0))
  })

  test('a batch larger than the data is refused', () => {
    assert.throws(() => epochOf([true, false], { size: 3, seed: 0, epoch: 0 }), /expected at least 3 examples, found 2/)
  })

  test('a shuffle is a permutation, and every order comes equally often', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.integer(), (values, seed) =>
        assert.deepEqual([...shuffle(values, seed)].sort(), [...values].sort()),
      ),
    )
    const counts = new Map<string, number>()
    for (let seed = 0; seed < 6000; seed++) {
      const order = shuffle([1, 2, 3], seedFor(7, seed)).join('')
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    // 6 orders, 1000 expected of each, standard deviation 29
    assert.equal(counts.size, 6)
    for (const [order, count] of counts) assert.ok(Math.abs(count - 1000) < 150, `${order} came ${count} times`)
  })
})

describe('unrelated completions', () => {
  // Few distinct prompts and completions, so that they often coincide.
  const few = fc.nat({ max: 5 }).map((n) => [n])
  const batch = fc.array(fc.record({ prompt: few, completion: few }, { noNullPrototype: true }), { minLength: 2, maxLength: 24 })
  const largestGroup = (keys: readonly string[]) => Math.max(...keys.map((key) => keys.filter((other) => other === key).length))

  test('are a derangement, with the fewest completions equal to the prompt’s own', () => {
    fc.assert(
      fc.property(batch, fc.integer(), (given, seed) => {
        const sigma = mismatch(given, seed)
        assert.deepEqual(
          [...sigma].sort((a, b) => a - b),
          [...given.keys()],
        )
        assert.ok(sigma.every((other, i) => other !== i))
        const completions = given.map(({ completion }) => completion.join())
        const equal = sigma.filter((other, i) => completions[other] === completions[i]).length
        assert.equal(equal, Math.max(0, 2 * largestGroup(completions) - given.length))
      }),
      { numRuns: 500 },
    )
  })

  test('come from another prompt when the batch is made of pairs', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 16 }), fc.integer(), (pairs, seed) => {
        const given = Array.from({ length: 2 * pairs }, (_, i) => ({ prompt: [i >> 1], completion: [100 + i] }))
        for (const [i, { prompt, completion }] of unrelated(given, seed).entries()) {
          assert.deepEqual(prompt, given[i]?.prompt)
          assert.notEqual((completion[0]! - 100) >> 1, prompt[0])
        }
      }),
    )
  })

  test('differ from seed to seed', () => {
    const given = Array.from({ length: 8 }, (_, i) => ({ prompt: [i], completion: [i] }))
    assert.equal(new Set(Array.from({ length: 50 }, (_, seed) => mismatch(given, seed).join())).size > 40, true)
    assert.deepEqual(mismatch(given, 3), mismatch(given, 3))
  })

  test('do not exist in a batch of one', () => {
    assert.throws(
      () => mismatch([{ prompt: [1], completion: [2] }], 0),
      (error) => {
        assert.ok(error instanceof BatchError)
        assert.match(error.message, /expected at least 2 examples, found 1.*z₀ is the mean reward of completions unrelated/)
        return true
      },
    )
  })
})
