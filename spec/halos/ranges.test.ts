/** Settings of any size: what a loss is there, for which ranges of them at once, and where nothing is known. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { check } from '../../app/check/index.ts'
import {
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
  settingRanges,
  showRanges,
  verify,
} from '../../halos/index.ts'

const families = await catalogue()
const at = (key: string, settings: Readonly<Record<string, number>>) => getOrThrow(find(families, key)!(settings))

const refuted = {
  aot: [{ beta: 1e4 }, { beta: 1e8 }, { beta: 1e-6 }],
  'exo-pair': [{ beta: 1e4 }, { beta: 1e6 }, { epsilon: 1e-8 }],
  bpo: [{ alpha: 1 }, { beta: 1e5 }],
  slic: [{ delta: 1e6 }, { lambda: 1e-6 }],
  discopop: [{ tau: 0.05 }, { tau: 0.2 }],
} as const
for (const [key, all] of Object.entries(refuted))
  test(`${key} is refuted at settings of any size, and its certificates are accepted`, () => {
    for (const settings of all) {
      const loss = at(key, settings)
      assert.equal(verify(loss).verdict, 'not a HALO', JSON.stringify(settings))
      const outcome = check(JSON.parse(JSON.stringify(certificate(loss))))
      assert.ok(outcome.accepted, `${JSON.stringify(settings)}: ${outcome.accepted ? '' : outcome.reason}`)
    }
  })
test('DiscoPOP is a HALO where τ ≥ 1, though it is stated to be none, and has a certificate', () => {
  for (const tau of [1, 10]) {
    const loss = at('discopop', { tau })
    assert.equal(verify(loss).verdict, 'HALO')
    const outcome = check(JSON.parse(JSON.stringify(certificate(loss))))
    assert.ok(outcome.accepted, outcome.accepted ? '' : outcome.reason)
    assert.equal(outcome.accepted && outcome.verdict, 'HALO')
  }
})
test('a degenerate declaration has a certificate; a HALO that claims to be a line, or degenerate, has none', () => {
  const line = getOrThrow(halo({ name: 'line', reward: logRatio(1), reference: anchor, value: linear, t: always(negation) }))
  const written = JSON.parse(JSON.stringify(certificate(line)))
  assert.equal(written.verdict, 'degenerate')
  const outcome = check(written)
  assert.ok(outcome.accepted, outcome.accepted ? '' : outcome.reason)
  const kto = JSON.parse(JSON.stringify(certificate(at('kto', {}))))
  assert.equal(check({ ...kto, verdict: 'degenerate' }).accepted, false)
  const affine = written.claims.filter((made: { readonly claim: string }) => made.claim === 'affine')
  assert.equal(affine.length, 1)
  assert.equal(check({ ...kto, claims: [...kto.claims, ...affine] }).accepted, false)
})
test('an object that only calls itself a HALO, a view or a statement is none, and no crash', () => {
  for (const kind of ['halo', 'view', 'stated'] as const) {
    const report = verify({ kind, name: 'empty' } as never) // written by hand
    assert.equal(report.verdict, kind === 'stated' ? 'not a HALO' : 'undecided', JSON.stringify(report.conditions))
  }
})
/** Those of DiscoPOP and EXO take half a minute: `npm run theorems` prints them into docs/theory.md. */
test('label smoothing leaves the class for every ε, and at settings drawn from its range the verdict agrees', () => {
  const ranges = settingRanges(at('cdpo', {}))
  assert.equal(showRanges(ranges), 'refuted for ε in (0, 0.5]')
  for (const { from, to } of ranges)
    for (const share of [0.01, 0.3, 0.99])
      assert.equal(verify(at('cdpo', { epsilon: Math.max(from, 1e-9) ** (1 - share) * to ** share })).verdict, 'not a HALO')
})
