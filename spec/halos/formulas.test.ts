/** Losses against their published formulas, value and gradient; every loss has one, or numbers of a published implementation. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import test from 'node:test'
import fc from 'fast-check'
import type { Tensor } from '../../core/index.ts'
import { type AnyLoss, catalogue, find, getOrThrow, isHalo, isView, upstream, verify } from '../../halos/index.ts'
import type { Formula, Row, Y } from './formula.ts'
import { column, scalar, slope } from './numbers.ts'

const families = await catalogue()
const folder = new URL('./formulas/', import.meta.url)
const formulas: Readonly<Record<string, Formula>> = Object.fromEntries(
  await Promise.all(
    (await readdir(folder)).map(async (file) => {
      const { default: formula } = (await import(new URL(file, folder).href)) as { readonly default: Formula } // by its folder
      return [file.replace('.ts', ''), formula] as const
    }),
  ),
)
/** Compared elsewhere: by closed forms in numerics.test.ts; as SFT; with a value head in spec/models/head; of tokens in reading.test.ts. */
const elsewhere = ['prospect', 'unlikelihood', 'truncated-ipo', 'sft', 'csft', 'ppo-value', 'ld-dpo']

/** Declared to be refuted. */
const counterexamples: ReadonlySet<string> = new Set(['diffusion-kto-seeking'])

test('every loss is compared with something published', () => {
  const known = new Set([...Object.values(upstream).map(({ family }) => family), ...elsewhere, ...Object.keys(formulas)])
  assert.deepEqual(
    families.flatMap(({ key }) => (known.has(key) ? [] : key)),
    [],
  )
  for (const key of Object.keys(formulas)) assert.ok(find(families, key), `formulas/${key}.ts is of no loss`)
})
test('what is declared is called a HALO, what is stated is not', () => {
  for (const key of Object.keys(formulas)) {
    const loss = getOrThrow(find(families, key)!())
    assert.equal(/^HALO/.test(verify(loss).verdict), (isHalo(loss) || isView(loss)) && !counterexamples.has(key), key)
  }
})

const real = (min: number, max: number) => fc.double({ min, max, noNaN: true })
const completion = fc.record({
  p: real(-8, -0.1),
  q: real(-8, -0.1),
  old: real(-8, -0.1),
  n: fc.integer({ min: 1, max: 9 }),
  score: real(0.55, 0.95),
})
/** The rejected completion has the lower score. */
const row = fc
  .record({ w: completion, l: completion, s: fc.constantFrom(1, -1) })
  .map(({ w, l, s }): Row => ({ w, l: { ...l, score: l.score - 0.5 }, s }))
const rows = fc.array(row, { minLength: 4, maxLength: 4 })

const evidence = (all: readonly Row[], policies: Tensor<'example'>, of: 'w' | 'l') => {
  const completionOf = (role: 'w' | 'l') => {
    const part = (name: keyof Y) => column(...all.map((one) => one[role][name]))
    return { policy: of === role ? policies : part('p'), reference: part('q'), old: part('old'), length: part('n') }
  }
  const [w, l] = [completionOf('w'), completionOf('l')]
  return {
    chosen: w,
    rejected: l,
    outcome: w,
    unrelated: l,
    label: column(...all.map(({ s }) => s)),
    margin: column(...all.map((one) => one.w.score - one.l.score)),
    dispersion: column(...all.map((one) => one.w.score)),
    share: column(...all.map((one) => one.w.score)),
  }
}
const near = (x: number, y: number, tolerance: number): boolean => Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(x), Math.abs(y))

for (const [key, { of, total }] of Object.entries(formulas))
  test(`${key}: the published formula, and its derivative`, async () => {
    const loss: AnyLoss = getOrThrow(find(families, key)!())
    await fc.assert(
      fc.asyncProperty(rows, async (all) => {
        for (const side of of === 'pairs' ? (['w', 'l'] as const) : (['w'] as const)) {
          const at = (policies: Tensor<'example'>) => loss.evaluate(evidence(all, policies, side)).loss
          const policies = all.map((one) => one[side].p)
          const gradient = await slope(at, policies)
          const moved = (i: number, h: number) =>
            total(
              all.map((one, k) => (k === i ? { ...one, [side]: { ...one[side], p: one[side].p + h } } : one)),
              all,
            )
          // A reported value may be another one of the same gradient.
          if (!sameGradientOnly.has(key)) assert.ok(near(await scalar(at(column(...policies))), total(all, all), 1e-10), `${key}: value`)
          for (const [i, g] of gradient.entries()) {
            const [before, after] = [moved(i, -1e-5), moved(i, 1e-5)]
            const kink = Math.abs(before + after - 2 * total(all, all)) > 1e-8 * Math.max(1, Math.abs(after))
            assert.ok(kink || near(g, (after - before) / 2e-5, 1e-5), `${key} ∂${side}${i}: ${g}, not ${(after - before) / 2e-5}`)
          }
        }
      }),
      { numRuns: 15, seed: 1979 },
    )
  })
/** What they report is not what they differentiate. */
const sameGradientOnly: ReadonlySet<string> = new Set(['dr-dpo'])
