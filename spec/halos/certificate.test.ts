/** Certificates of each kind are accepted by the checker, and say what `verify` says: of declarations, of views, of what each lemma refutes. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { check } from '../../app/check/index.ts'
import {
  type AnyLoss,
  always,
  anchor,
  catalogue,
  certificate,
  find,
  getOrThrow,
  halo,
  linear,
  logRatio,
  negation,
  verify,
} from '../../halos/index.ts'

const families = await catalogue()
const of = (key: string): AnyLoss => getOrThrow(find(families, key)!())
const accepted = (loss: AnyLoss): void => {
  const outcome = check(JSON.parse(JSON.stringify(certificate(loss))))
  assert.ok(outcome.accepted, outcome.accepted ? '' : outcome.reason)
}

for (const key of ['kto', 'dpo', 'apo-zero'])
  test(`${key}: eight claims at least, accepted; what they do not show is said`, () => {
    const loss = of(key)
    const { verdict, claims, refutation, uncertified, parts } = certificate(loss)
    assert.equal(verdict, 'HALO')
    assert.ok(claims.length >= 8 && 'value' in parts && refutation === null)
    const names = verify(loss).conditions.map(({ name }) => name)
    const shown = names.filter((name) => !uncertified.some((line) => line.startsWith(`${name}: `)))
    assert.deepEqual(
      shown.filter((name) => !/^[vtr] /.test(name)),
      [],
    )
    assert.ok(
      shown.includes('v is non-decreasing') && uncertified.some((line) => line.startsWith('the evidence is complete: by construction')),
    )
    accepted(loss)
  })

const lemmas = {
  'ipo-sum': 'not monotone',
  sft: 'nothing compared',
  'cpo-nll': 'not separable',
  bpo: 'not one reward',
  aot: 'not relative',
} as const
for (const [key, lemma] of Object.entries(lemmas))
  test(`${key}: ${lemma}, accepted, with enclosures that hold what they enclose`, () => {
    const loss = of(key)
    const { verdict, refutation, claims } = certificate(loss)
    assert.deepEqual([verdict, refutation?.lemma, claims.length], ['not a HALO', lemma, 0])
    for (const [low, high] of refutation!.enclosures) assert.ok(Number(low) < Number(high), `[${low}, ${high}]`)
    accepted(loss)
  })
test('IPO is 0 at its margin, which is inside its enclosure', () => {
  const { points, enclosures } = certificate(of('ipo-sum')).refutation!
  const middle = enclosures[1]!.map(Number)
  assert.equal(points.length, 3)
  assert.ok(middle[0]! < 0 && middle[1]! > 0, `${middle}`)
})

test('what is no HALO has no certificate that it is one', () => {
  const same = halo({ name: 'x', reward: logRatio(1), reference: anchor, value: linear, t: always(negation) })
  const { verdict } = certificate(getOrThrow(same) as unknown as AnyLoss)
  assert.equal(verdict, 'degenerate')
})
