/** The graph that trains is the one that is proved: losses that evaluate to something else than they declare are told. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { mul, type Scalar, size, softplus, stopGradient, sub, type Tensor } from '../../core/index.ts'
import { constant } from '../../core/internal.ts'
import { compositionCondition } from '../../halos/composition.ts'
import { type AnyLoss, catalogue, type Everything, find, getOrThrow, type Halo, isHalo, isView, meanOf, verify } from '../../halos/index.ts'
import { minus, normalForms } from '../../halos/normal-form.ts'

const families = await catalogue()
const of = (key: string, settings?: Record<string, number>): AnyLoss => getOrThrow(find(families, key)!(settings))
/** A declaration whose `evaluate` is another. */
const evaluated = (loss: AnyLoss, evaluate: AnyLoss['evaluate']): AnyLoss => ({ ...loss, evaluate })
const composition = (loss: AnyLoss) =>
  (isView(loss) ? compositionCondition(loss.through, loss, loss.reduced) : compositionCondition(loss as unknown as Halo, loss)).finding // one or the other

test('the catalogue trains what it declares', () => {
  for (const family of families) {
    const loss = getOrThrow(family())
    if (isHalo(loss) || isView(loss)) assert.equal(composition(loss).tag, 'by construction', family.key)
  }
})
test('pairs of judged completions are a multiple; a value head adds terms of its own', () => {
  const why = (key: string): string => JSON.stringify(composition(of(key)))
  assert.match(why('apo-zero'), /2 times t\(v/)
  assert.match(why('kto-pair'), /is t\(v/)
  assert.match(why('ppo-value'), /and V, in which no log π_θ has a part/)
})

const [dpo, kto, cdpo] = [of('dpo'), of('kto'), of('cdpo')]
const [h, hKto] = [dpo as unknown as Halo, kto as unknown as Halo]
test('what is written otherwise but is the same, is the same', () => {
  const byHand = evaluated(dpo, ({ chosen, rejected }) => {
    const u = sub(sub(chosen.policy, rejected.policy), sub(chosen.reference, rejected.reference))
    return { ...meanOf(softplus(mul(-0.1, u)) as Tensor<'example'>), rewards: {} }
  })
  assert.equal(verify(byHand).verdict, 'HALO')
})

const stopped = (e: Everything): Everything => ({ ...e, outcome: { ...e.outcome, policy: stopGradient(e.outcome.policy) } })
const wrong: { readonly [what: string]: AnyLoss } = {
  'cDPO under the name of DPO': evaluated(dpo, cdpo.evaluate),
  'another β': evaluated(dpo, of('dpo', { beta: 0.2 }).evaluate),
  'the right loss, other terms': evaluated(dpo, (e, pooled) => ({ ...dpo.evaluate(e, pooled), terms: cdpo.evaluate(e, pooled).terms })),
  'the right value, no gradient': evaluated(kto, (e, pooled) => kto.evaluate(stopped(e), pooled)),
  'the pooled statistic ignored': evaluated(kto, (e) => kto.evaluate(e)),
  'another statistic': { ...kto, statistic: ({ outcome }) => ({ sum: constant(0), count: constant(size(outcome.policy, 'example')) }) },
  'another loss for batches of three': evaluated(dpo, (e, pooled) =>
    (size(e.chosen.policy, 'example') > 2 ? cdpo : dpo).evaluate(e, pooled),
  ),
  'a view of another loss': {
    ...of('apo-zero'),
    through: h,
    reduced: (e: Everything) => e,
    evaluate: cdpo.evaluate,
    needs: cdpo.needs,
  } as AnyLoss,
  'a view whose reduction is another': { ...of('apo-zero'), reduced: (e: Everything) => ({ ...e, outcome: e.rejected }) } as AnyLoss,
  'a view through what judges otherwise': { ...of('apo-zero'), through: hKto } as AnyLoss,
}
for (const [what, loss] of Object.entries(wrong))
  test(`${what}: no HALO by these parts`, () => {
    assert.notEqual(verify(loss).verdict, 'HALO')
    assert.notEqual(composition(loss).tag, 'by construction')
  })
test('a lemma that refutes what is evaluated is the witness', () => {
  assert.match(JSON.stringify(composition(wrong['cDPO under the name of DPO']!)), /"refuted".*not monotone/)
  assert.equal(composition(wrong['another β']!).tag, 'open')
})

test('normal forms: sums and products in any order are one; what differs by a term is another', () => {
  const { scalar: S, leaf } = normalForms()
  const [x, y, z] = ['x', 'y', 'z'].map(leaf) as [ReturnType<typeof leaf>, ReturnType<typeof leaf>, ReturnType<typeof leaf>]
  const integer = fc.integer({ min: -5, max: 5 })
  const zero = (form: typeof x): boolean => form.size === 0
  fc.assert(
    fc.property(integer, integer, integer, (a, b, c) => {
      const f = <A>(T: Scalar<A>, p: A, q: A) => T.sigmoid(T.add(T.mul(T.of(a), p), T.mul(T.of(b), q)))
      const left = S.mul(S.add(f(S, x, y), S.of(c)), S.sub(x, z))
      const right = S.sub(S.mul(S.add(S.of(c), f(S, x, y)), x), S.mul(z, S.add(S.of(c), f(S, x, y))))
      assert.ok(zero(minus(left, right)))
      assert.ok(!zero(minus(S.add(left, S.of(1e-6)), right)))
      assert.equal(zero(minus(f(S, x, y), f(S, y, x))), a === b)
    }),
  )
})
