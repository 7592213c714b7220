/** Declarations: every flaw at once; the batch statistic pools; the step-0 identities; one-sided batches; what is held constant. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { either as E } from 'fp-ts'
import { foreign } from '../../halos/halo.ts'
import {
  always,
  anchor,
  catalogue,
  DeclarationError,
  dpo,
  explain,
  getOrThrow,
  type Halo,
  halo,
  kto,
  linear,
  logistic,
  logProbability,
  logRatio,
  negation,
  type Parts,
  policy,
  pool,
  sampler,
  type TextSource,
  value,
  vary,
} from '../../halos/index.ts'
import { column, completion, numbers, scalar, slope } from './numbers.ts'

test('all flaws are reported at once, with their fields', () => {
  const result = kto({ beta: -1, desirable: 0, undesirable: Number.NaN })
  assert.ok(E.isLeft(result))
  assert.equal(
    explain(result.left),
    [
      'reward.beta: expected a positive number, got -1',
      't.desirable.scale: expected a positive number, got 0',
      't.undesirable.shift: expected a finite number, got NaN',
      't.undesirable.scale: expected a positive number, got NaN',
    ].join('\n'),
  )
  assert.throws(() => getOrThrow(result), DeclarationError)
})

test('no loss takes a setting that is no number, and the flaw names a field', async () => {
  for (const family of await catalogue())
    for (const setting of Object.keys(family.defaults))
      for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY]) {
        const result = family({ [setting]: wrong })
        assert.ok(E.isLeft(result), `${family.key} ${setting}=${wrong}`)
        assert.match(explain(result.left), /^\S+: expected an? /)
      }
})

test('a loss is a file: the catalogue is found by folder', async () => {
  const keys = (await catalogue()).map(({ key }) => key)
  for (const key of ['kto', 'dpo', 'sft']) assert.ok(keys.includes(key), key)
  assert.equal(new Set(keys).size, keys.length)
})

test('step 0: where the policy is its reference model, rewards and z₀ are 0, DPO is log 2 and KTO is the mean of λ/2', async () => {
  const same = completion(column(-3, -5, -8), [-3, -5, -8])
  const k = getOrThrow(kto({ desirable: 1.5, undesirable: 0.7 })).evaluate({ outcome: same, label: column(1, -1, -1), unrelated: same })
  assert.equal(await scalar(k.z0!), 0)
  assert.deepEqual(await numbers(k.rewards.outcome!), [0, 0, 0])
  assert.ok(Math.abs((await scalar(k.loss)) - (1.5 + 0.7 + 0.7) / 6) < 1e-15)
  assert.ok(Math.abs((await scalar(getOrThrow(dpo()).evaluate({ chosen: same, rejected: same }).loss)) - Math.LN2) < 1e-15)
})

test('z₀ is pooled over micro-batches before it is divided and clamped', async () => {
  const loss = getOrThrow(kto())
  const part = (policy: readonly number[], unrelated: readonly number[]) => ({
    outcome: completion(
      column(...policy),
      policy.map(() => -4),
    ),
    label: column(...policy.map((_, i) => (i % 2 === 0 ? 1 : -1))),
    unrelated: completion(
      column(...unrelated),
      unrelated.map(() => -4),
    ),
  })
  // Alone, the first part's mean is negative and would be clamped.
  const [whole, first, second] = [part([-3, -5, -2], [-9, -1, 8]), part([-3, -5], [-9, -1]), part([-2], [8])]
  const pooled = pool(loss.statistic!(first), loss.statistic!(second))
  const losses = [...(await numbers(loss.evaluate(first, pooled).losses)), ...(await numbers(loss.evaluate({ ...second }, pooled).losses))]
  assert.deepEqual(losses, await numbers(loss.evaluate(whole).losses))
  assert.notDeepEqual(losses.slice(0, 2), await numbers(loss.evaluate(first).losses))
})

test('one-sided batches are legal', async () => {
  for (const sign of [1, -1]) {
    const y = completion(column(-1, -2), [-2, -2])
    assert.ok(Number.isFinite(await scalar(getOrThrow(kto()).evaluate({ outcome: y, label: column(sign, sign), unrelated: y }).loss)))
  }
})

test('a loss of one’s own is one declaration', async () => {
  const source: TextSource = { key: 'me', authors: ['Me'], title: 'Mine', year: 2026, at: 'here' }
  const mine = getOrThrow(
    halo({ name: 'mine', source, reward: logRatio(0.5), reference: policy(), value: value('tanh', (S) => S.tanh), t: always(negation) }),
  )
  const batch = (p: ReturnType<typeof column>) => ({
    outcome: completion(p, [0, 0]),
    label: column(1, -1),
    unrelated: completion(column(0, 0), [0, 0]),
  })
  const [up, down] = await slope((p) => mine.evaluate(batch(p)).loss, [1, 1])
  const expected = (0.5 / 2) * (1 - Math.tanh(0.5) ** 2)
  assert.ok(Math.abs(up! + expected) < 1e-15 && Math.abs(down! - expected) < 1e-15)
})

test('a reward without an anchor is compared with no anchor, whichever it is called', () => {
  for (const reference of [anchor, sampler]) {
    const declared = (reward: Parameters<typeof halo>[0]['reward']) =>
      halo({ name: 'x', reward, reference, value: linear, t: always(negation) })
    assert.ok(E.isRight(declared(logRatio(1))))
    const refused = declared(logProbability(1))
    assert.ok(E.isLeft(refused))
    assert.match(explain(refused.left), /^reference: expected a reference point other than .*got 1 p$/)
  }
})

test('of parts that no constructor made, each is named; a declaration refuses them', () => {
  const original = getOrThrow(kto())
  const { reward, reference, value: v, t } = original
  const copies = { reward: { ...reward }, reference: { ...reference }, value: { ...v } }
  const seen = (changes: Partial<Parts<'policy' | 'reference', 'unrelated'>>) => foreign(vary(original, changes) as unknown as Halo)
  assert.deepEqual(seen({}), [])
  assert.deepEqual(seen({ reward: copies.reward }), [`the reward ${reward.name}`])
  assert.deepEqual(seen({ reference: copies.reference }), [`the reference ${reference.name}`])
  assert.deepEqual(seen({ value: copies.value }), [`the value ${v.name}`])
  assert.deepEqual(seen({ t: { ...t, desirable: { ...t.desirable } } }), ['t'])
  assert.deepEqual(seen({ t: { ...t, undesirable: { ...t.undesirable } } }), ['t'])
  for (const [field, part] of Object.entries(copies)) {
    const parts = { name: 'x', reward: logRatio(1), reference: policy(), value: logistic, t: always(negation) }
    const result = halo({ ...parts, [field]: E.right(part) })
    assert.ok(E.isLeft(result))
    assert.match(explain(result.left), new RegExp(`^${field}: expected what a constructor of the vocabulary makes`))
  }
})
