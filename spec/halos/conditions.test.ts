/** Each condition of Definition 3.4 alone: what meets it, what breaks it, and what is said of either. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Unary } from '../../core/index.ts'
import {
  affineCondition,
  comparisonCondition,
  evidenceCondition,
  heldCondition,
  oneValueCondition,
  referenceCondition,
  tokensCondition,
  valueConditions,
} from '../../halos/conditions.ts'
import type { Finding } from '../../halos/findings.ts'
import {
  type AnyLoss,
  always,
  anchor,
  batch,
  type Checked,
  dpo,
  exponential,
  formula,
  getOrThrow,
  type Halo,
  halo,
  kto,
  linear,
  logistic,
  logRatio,
  negation,
  pairwise,
  policy,
  type Reference,
  rejected,
  unpublished,
  type ValueFunction,
  value,
  verify,
  weighted,
} from '../../halos/index.ts'
import type { ScalarText } from '../../halos/parameters.ts'

const source = { reward: logRatio(0.5), t: always(negation) }
const declare = (v: Checked<ValueFunction>, reference: Checked<Reference> = policy()): Halo =>
  getOrThrow(halo({ name: 'x', ...source, value: v, reference: reference as Checked<Reference<'judged'>> })) as unknown as Halo
const text = (finding: Finding): string => `${finding.tag}: ${JSON.stringify(finding)}`
const own = (body: Unary): Checked<ValueFunction> => value('v', body)
const ofValue = (body: Unary): Readonly<Record<string, Finding>> =>
  Object.fromEntries(valueConditions(getOrThrow(own(body))).map(({ name, finding }) => [name, finding]))

test('v must not fall anywhere on the line, nor bend upwards at any gain; at losses it may', () => {
  const falls =
    (at: number): Unary =>
    (S) =>
    (z) =>
      S.sub(S.max(z, S.of(at)), S.of(0)) // flat up to there, then rising
  const turned =
    (at: number): Unary =>
    (S) =>
    (z) =>
      S.max(z, S.sub(S.of(2 * at), z)) // falling up to there
  const bends =
    (at: number): Unary =>
    (S) =>
    (z) =>
      S.max(z, S.sub(S.mul(S.of(2), z), S.of(at)))
  for (const at of [-100, -0.5, 0.5, 100]) {
    assert.equal(ofValue(falls(at))['v is non-decreasing']!.tag, 'proved', `flat to ${at}`)
    assert.equal(ofValue(turned(at))['v is non-decreasing']!.tag, 'refuted', `falling to ${at}`)
    assert.equal(ofValue(bends(at))['v is concave on gains']!.tag, at < 0 ? 'proved' : 'refuted', `a convex kink at ${at}`)
  }
})

const scales = (shift: number, scale: number, other = scale) => ({
  t: { desirable: { shift, scale }, undesirable: { shift, scale: other } },
  inverseTemperature: { desirable: 1, undesirable: 1 },
})
test('t is negative affine: slopes are positive and finite, shifts finite; it is written out', () => {
  for (const [shift, scale, other, says] of [
    [0, 1, 1, /by construction.*t\(v\) = −v"/],
    [2, 3, 3, /by construction.*t\(v\) = 2 − 3 v"/],
    [0, 1, 2, /t\(v\) = −v \(desirable\), −2 v \(undesirable\)/],
    [0, 1, -1, /refuted.*scale -1"/],
    [0, 0, 1, /refuted.*scale 0"/],
    [0, 1, Infinity, /refuted.*scale Infinity"/],
    [NaN, 1, 1, /refuted.*shift NaN"/],
  ] as const)
    assert.match(text(affineCondition(scales(shift, scale, other)).finding), says)
  const { t } = scales(0, 1)
  assert.match(text(affineCondition({ t, inverseTemperature: { desirable: 1, undesirable: 0 } }).finding), /refuted.*scale 0"/)
})
test('one value function: what differs by label is said, and what does not is not', () => {
  const why = (slope: number, temper: number): string => {
    const { finding } = oneValueCondition({ ...scales(0, 1, slope), inverseTemperature: { desirable: 1, undesirable: temper } })
    return finding.tag === 'by construction' ? finding.why : finding.tag
  }
  assert.equal(why(1, 1), 'the same for both labels')
  assert.match(why(2, 1), /^by label, t has the slopes −1 and −2: v up to a positive factor$/)
  assert.match(why(1, 3), /^by label, r is felt as 1 r and 3 r/)
  assert.match(why(2, 3), /^by label, t has .*; by label, r is felt/)
})

test('nothing is compared where v is a line and E_Q r a constant for the gradient; something, where either is not', () => {
  const tag = (h: Halo): string => comparisonCondition(h).finding.tag
  assert.equal(tag(declare(linear)), 'degenerate')
  assert.equal(tag(declare(linear, anchor)), 'degenerate')
  assert.equal(tag(declare(linear, batch)), 'degenerate')
  assert.equal(tag(declare(own((S) => () => S.of(3)))), 'degenerate')
  assert.equal(tag(declare(linear, rejected)), 'by construction')
  assert.equal(tag(declare(linear, policy({ held: false }))), 'by construction')
  assert.equal(tag(declare(logistic)), 'by construction')
  assert.match(text(comparisonCondition(declare(own((S) => (z) => S.mul(S.of(2), z)))).finding), /v\(z\) = 2 z \+ c/)
})

test('the anchor is what the reward is at u = 0, and not a little beside it', () => {
  const of = (centre: number) => {
    const h = declare(logistic, anchor)
    return referenceCondition({ reference: h.reference, reward: { ...h.reward, centre } }).finding.tag
  }
  assert.equal(of(0), 'by construction')
  for (const centre of [1e-6, -1e-6, 1, NaN]) assert.equal(of(centre), 'refuted', `${centre}`)
  for (const reference of [policy(), rejected, batch] as readonly Checked<Reference>[])
    assert.equal(referenceCondition(declare(logistic, reference)).finding.tag, 'tested')
})

test('what a token adds must not fall with its log-ratio; where a bound makes it flat is said of what is proved', () => {
  const of = (slope: number, flat?: string): Finding => {
    const text: ScalarText = (S) => (x) => S.mul(S.of(slope), x)
    const added = { text, parameters: {}, ...(flat !== undefined && { flat }) }
    return tokensCondition({ added } as unknown as Parameters<typeof tokensCondition>[0]).finding // it looks at no more
  }
  const flatOf = (finding: Finding): unknown => ('flat' in finding ? (finding.flat ?? 'named, but not given') : undefined)
  for (const [slope, tag] of [
    [1, 'proved'],
    [0, 'proved'],
    [-1, 'refuted'],
  ] as const) {
    assert.equal(of(slope).tag, tag)
    assert.equal(flatOf(of(slope)), undefined)
    assert.equal(flatOf(of(slope, 'beyond 80')), tag === 'proved' ? 'beyond 80' : undefined)
  }
})
test('a held reference point has no path to the policy; one that is not is said to be none', () => {
  const finding = (h: Halo) => text(heldCondition(h).finding)
  for (const reference of [policy(), anchor, batch] as readonly Checked<Reference>[])
    assert.match(finding(declare(logistic, reference)), /by construction.*no path in the graph/)
  for (const reference of [rejected, policy({ held: false })] as readonly Checked<Reference>[])
    assert.match(finding(declare(logistic, reference)), /by construction.*not declared: gradients flow into Q/)
  const [said, flows] = [declare(logistic), declare(logistic, policy({ held: false }))]
  assert.match(finding({ ...said, evaluate: flows.evaluate }), /refuted.*∂z₀\/∂log π\(unrelated\)/)
})

test('the evidence that a loss says it needs is enough', () => {
  const loss = getOrThrow(kto()) as unknown as AnyLoss
  assert.match(text(evidenceCondition(loss).finding), /by construction.*evaluates from outcome, label, unrelated, reference/)
  const silent = { ...loss, needs: { ...loss.needs, unrelated: false } }
  assert.equal(evidenceCondition(silent).finding.tag, 'refuted')
})

test('verdicts: the segment that all conditions share; undecided where nothing can be read, and then without a profile', () => {
  const report = (v: Checked<ValueFunction>) => verify(declare(v))
  assert.equal(report(logistic).verdict, 'HALO')
  assert.equal(report(exponential).verdict, 'HALO on [−709.8, ∞)')
  // Lines that meet at 0.3 but for rounding, and an exponential that overflows.
  const bent: Unary = (S) => (z) => S.where(S.less(z, S.of(0.3)), z, S.add(S.mul(S.of(2 / 3), z), S.of(0.1)))
  assert.equal(report(own((S) => (z) => S.sub(bent(S)(z), S.exp(S.mul(S.of(-1), z))))).verdict, 'HALO on [−709.8, 0.3]')
  // Gains that begin steeper than losses end, where they begin: no box of gains is to blame.
  assert.equal(report(own((S) => (z) => S.add(bent(S)(z), S.max(z, S.of(0))))).verdict, 'HALO on (−∞, 0.3]')
  const thrown = report(
    own(() => () => {
      throw new Error('no')
    }),
  )
  assert.deepEqual([thrown.verdict, thrown.profile], ['undecided', undefined])
  assert.notEqual(report(logistic).profile, undefined)
})
test('a stated loss is refuted by what it computes, or undecided', () => {
  const stated = (body: Parameters<typeof formula>[0]) => {
    const of = { name: 's', source: unpublished('s'), reward: logRatio(0.1), body: formula(body), because: 'so it is said' }
    return verify(getOrThrow(pairwise(of)) as unknown as AnyLoss)
  }
  const square = stated((S) => (w, l) => S.mul(S.sub(S.sub(w, l), S.of(1)), S.sub(S.sub(w, l), S.of(1))))
  assert.equal(square.verdict, 'not a HALO')
  assert.match(text(square.conditions[0]!.finding), /refuted.*so it is said; not monotone/)
  const terms = [2, 3].map((k) => [k, getOrThrow(dpo({ beta: k }))] as const)
  const sum = verify(getOrThrow(weighted('sum', unpublished('sum'), terms)) as unknown as AnyLoss)
  assert.equal(sum.verdict, 'undecided')
  assert.match(text(sum.conditions[0]!.finding), /open.*no lemma refutes/)
})
