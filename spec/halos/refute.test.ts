/**
 * Each lemma refutes the least loss that breaks it, and not the nearest that does not. The witness is checked here in plain numbers: at its points
 * the loss does what the lemma says.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { add, binary, derivative, mean, mul, numbers, type Scalar, softplus, sub, type Tensor, type Unary } from '../../core/index.ts'
import { needing } from '../../halos/evidence.ts'
import { type AnyLoss, type Everything, meanOf, unpublished } from '../../halos/index.ts'
import { firstLoss, type Item, type Witness, witness } from '../../halos/refute.ts'

type Text = <A>(S: Scalar<A>, w: A, l: A) => A
/** A loss of pairs: f of what `read` makes of the chosen and of the rejected completion. */
const ofPairs = (f: Text, read: (y: Everything['chosen']) => Tensor<'example'> = ({ policy }) => policy): AnyLoss => {
  const body = binary((S) => (w, l) => f(S, w, l))
  return {
    ...{ name: 'made up', source: unpublished('made up'), needs: needing('pair', 'reference', 'length') },
    evaluate: ({ chosen, rejected }) => ({ ...meanOf(body(read(chosen), read(rejected)) as Tensor<'example'>), rewards: {} }),
  }
}
const relative = ({ policy, reference }: Everything['chosen']) => sub(policy, reference) as Tensor<'example'>
const judged = (losses: (e: Everything) => unknown): AnyLoss => ({
  ...{ name: 'made up', source: unpublished('made up'), needs: needing('outcome', 'label', 'reference', 'length') },
  evaluate: (e) => ({ ...meanOf(losses(e) as Tensor<'example'>), rewards: {} }),
})

const found = (loss: AnyLoss): Witness => {
  const at = witness(loss)
  assert.ok(at !== undefined, 'nothing refutes it')
  return at
}
/** The loss of the first example in plain numbers, the rest as the witness has it. */
const at = (loss: AnyLoss, { rest }: Witness, given: Readonly<Record<Item, number>>, examples = 1): number =>
  firstLoss(loss, examples)(numbers, { ...rest, ...given })
/** ∂f/∂item there, by dual numbers. */
const slope = (loss: AnyLoss, { rest }: Witness, item: Item, given: Readonly<Record<Item, number>> = {}, examples = 1): number => {
  const place = Object.entries({ ...rest, ...given }) as [Item, number][]
  const f = firstLoss(loss, examples)
  const body: Unary = (S) => (x) => f(S, { ...Object.fromEntries(place.map(([other, y]) => [other, S.of(y)])), [item]: x })
  return derivative(body)(numbers)(given[item] ?? rest[item]!)
}
const square: Text = (S, w, l) => S.mul(S.sub(w, l), S.sub(w, l))
const logistic: Text = (S, w, l) => S.softplus(S.sub(l, w))
/** By so much an item is above −1000, where all models think alike. */
const from = <A>(S: Scalar<A>, x: A): A => S.add(x, S.of(1000))

test('what may be a HALO is refuted by none', () => {
  const averse: Text = (S, w, l) => S.max(S.sub(l, w), S.mul(S.of(2), S.sub(l, w))) // a kink where the models agree
  const apart: Text = (S, w, l) => S.sub(S.softplus(S.mul(S.of(-1), from(S, w))), S.softplus(S.mul(S.of(-1), from(S, l))))
  for (const f of [logistic, averse]) for (const read of [undefined, relative]) assert.equal(witness(ofPairs(f, read)), undefined)
  assert.equal(witness(ofPairs(apart)), undefined)
})

for (const d of [0.05, 1, 40, 840, 1e6, 1e9])
  for (const sign of [1, -1])
    test(`not monotone: it ${sign === 1 ? 'falls, then rises' : 'rises, then falls'} at a difference of ${d}`, () => {
      const loss = ofPairs((S, w, l) => S.mul(S.of(sign), square(S, S.sub(w, S.of(d)), l)), relative)
      const refuted = found(loss)
      assert.deepEqual([refuted.lemma, refuted.moving], ['not monotone', ['chosen.policy[0]']])
      const points = [...refuted.points].sort((x, y) => x - y)
      const [low, middle, high] = points.map((x) => sign * at(loss, refuted, { 'chosen.policy[0]': x }))
      assert.ok(points.length === 3 && middle! < low! && middle! < high!, `${low}, ${middle}, ${high}`)
      assert.ok(
        points.every((x) => x <= 0),
        'no probability is above 1',
      )
      const rest = refuted.rest['chosen.policy[0]']!
      if (d < 1000)
        assert.ok(
          points.every((x) => Math.abs(x - rest) <= 1000),
          'the nearest to rest that a few steps find',
        )
    })
test('not monotone: a rise over a twentieth, at a difference of half a million', () => {
  const bump: Text = (S, w, l) => {
    const beyond = (from: number) => S.max(S.of(0), S.sub(S.sub(w, l), S.of(from)))
    return S.add(S.sub(l, w), S.mul(S.of(4), S.sub(beyond(5e5), beyond(5e5 + 0.05))))
  }
  assert.equal(found(ofPairs(bump, relative)).lemma, 'not monotone')
})
test('monotone up to log π = 0, whatever it would do beyond: no probability is above 1', () => {
  const beyond = ofPairs((S, w) => square(S, w, S.of(5)))
  assert.notEqual(witness(beyond)?.lemma, 'not monotone')
})
test('not monotone: of undesirable completions alone', () => {
  const turned = binary((S) => (x, label) => S.where(S.less(S.of(0), label), S.mul(S.of(-1), x), square(S, from(S, x), S.of(5))))
  const loss = judged(({ outcome, label }) => turned(outcome.policy, label))
  const refuted = found(loss)
  assert.equal(refuted.lemma, 'not monotone')
  assert.equal(refuted.rest['label[0]'], -1)
})

test('not relative: the reference model is felt by half; its slopes are those that are told, for two examples', () => {
  const half = ({ policy, reference }: Everything['chosen']) => sub(policy, mul(0.5, reference)) as Tensor<'example'>
  const together = judged(({ outcome }) => softplus(sub(mean(half(outcome), 'example'), mul(2, outcome.policy))))
  for (const [loss, examples] of [
    [ofPairs(logistic, half), 2],
    [together, 2],
  ] as const) {
    const refuted = found(loss)
    const [policy, reference] = refuted.moving
    assert.equal(refuted.lemma, 'not relative')
    const [model, felt] = [slope(loss, refuted, policy!, {}, examples), slope(loss, refuted, reference!, {}, examples)]
    assert.ok(Math.abs(felt) > 1e-3 && Math.abs(model + felt) > 1e-3)
    const told = [...refuted.text.matchAll(/= (-?[\d.]+)/g)].map((match) => Number(match[1]))
    for (const [i, x] of [model, felt].entries()) assert.ok(Math.abs(told[i]! - x) < 1e-3 * Math.abs(x), `${refuted.text}: ${x}`)
  }
})

/** ∂_w f(a, c) ∂_l f(a, d) ∂_w f(b, d) ∂_l f(b, c), and the same with w and l exchanged. */
const crossed = (loss: AnyLoss, refuted: Witness): readonly [number, number] => {
  const [w, l] = refuted.moving as readonly [Item, Item]
  const [a, b, c, d] = refuted.points as readonly [number, number, number, number]
  const by = (item: Item, x: number, y: number) => slope(loss, refuted, item, { [w]: x, [l]: y })
  return [by(w, a, c) * by(l, a, d) * by(w, b, d) * by(l, b, c), by(l, a, c) * by(w, a, d) * by(l, b, d) * by(w, b, c)]
}
test('not separable: a term of the chosen alone beside their comparison, near rest or far from it', () => {
  const beside: Text = (S, w, l) => S.add(logistic(S, w, l), S.softplus(S.mul(S.of(-1), from(S, w))))
  const far: Text = (S, w, l) => {
    const [x, y] = [w, l].map((p) => S.mul(S.of(1e-4), p))
    return S.add(logistic(S, x!, y!), S.softplus(S.sub(S.of(-1000), x!)))
  }
  for (const f of [beside, far]) {
    const loss = ofPairs(f)
    const refuted = found(loss)
    assert.equal(refuted.lemma, 'not separable')
    const [one, other] = crossed(loss, refuted)
    assert.ok(Math.abs(one / other - 1) > 1e-12, `${one} and ${other}`)
  }
})

test('not one reward: the rejected counts twice', () => {
  const loss = ofPairs((S, w, l) => logistic(S, from(S, w), S.mul(S.of(2), from(S, l))))
  const refuted = found(loss)
  assert.equal(refuted.lemma, 'not one reward')
  const [a, b] = refuted.points as readonly [number, number]
  const f = (w: number, l: number) => at(loss, refuted, { 'chosen.policy[0]': w, 'rejected.policy[0]': l })
  assert.ok(Math.abs(f(a, a) - f(b, b)) > 1e-6 && Math.abs(f(a, a) + f(b, b) - f(a, b) - f(b, a)) > 1e-6)
})
test('lemmas of pairs say nothing where other pairs have a part', () => {
  const reads = ({ chosen, rejected }: Everything) => sub(add(mean(rejected.policy, 'example'), rejected.policy), add(chosen.policy, -1000))
  const loss: AnyLoss = {
    ...ofPairs(logistic),
    evaluate: (e) => ({ ...meanOf(softplus(reads(e)) as Tensor<'example'>), rewards: {} }),
  }
  assert.equal(witness(loss), undefined)
})

test('nothing compared: the completion alone; compared: with its reference, or with another', () => {
  const alone = judged(({ outcome }) => mul(-1, outcome.policy))
  assert.equal(found(alone).lemma, 'nothing compared')
  assert.match(found(alone).text, /looks at outcome\.policy\[0\] alone$/)
  assert.equal(witness(judged(({ outcome }) => mul(-1, relative(outcome)))), undefined)
  assert.equal(witness(judged(({ outcome }) => sub(mean(outcome.policy, 'example'), outcome.policy))), undefined)
})
