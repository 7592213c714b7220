/** Losses that read tokens: against their formulas, value and gradient; what cannot read tokens refuses them by name. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { either as E } from 'fp-ts'
import { evaluateCases } from '../../app/inputs/evaluate-cases.ts'
import { findLoss } from '../../app/inputs/losses.ts'
import { reference } from '../../backends/index.ts'
import { add, type Tensor, tensor, sum as total } from '../../core/index.ts'
import { catalogue, EvidenceError, explain, find, getOrThrow, mixture, TorchError, torchFunctions, verify } from '../../halos/index.ts'
import { evaluateCase } from '../../halos/internal.ts'
import { slope } from './numbers.ts'

const families = await catalogue()
const of = (key: string, settings = {}) => getOrThrow(find(families, key)!(settings))
const sum = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0)
const logSigmoid = (z: number): number => -Math.log1p(Math.exp(-z))

const tokens = (length: number) => fc.array(fc.double({ min: -6, max: -0.1, noNaN: true }), { minLength: length, maxLength: length })
const pair = fc.integer({ min: 1, max: 5 }).chain((n) => fc.record({ p: tokens(n), q: tokens(n) }))
/** Rows of one width, zeros where there is no token. */
const padded = (xs: readonly number[]): readonly number[] => Array.from({ length: 5 }, (_, i) => xs[i] ?? 0)

test('LD-DPO is DPO whose longer completion counts α beyond the length of the shorter', async () => {
  for (const alpha of [0, 0.25, 1])
    await fc.assert(
      fc.asyncProperty(pair, pair, async (w, l) => {
        const shared = Math.min(w.p.length, l.p.length)
        const u = ({ p, q }: typeof w): number => sum(p.map((x, t) => (t < shared ? 1 : alpha) * (x - q[t]!)))
        const expected = -logSigmoid(0.1 * (u(w) - u(l)))
        const given = { policy_chosen_logps: [padded(w.p)], ref_chosen_logps: [padded(w.q)] }
        const others = { policy_rejected_logps: [padded(l.p)], ref_rejected_logps: [padded(l.q)] }
        const { loss, grads } = await evaluateCase(reference(), of('ld-dpo', { alpha }), { inputs: { ...given, ...others } })
        const steep = -0.1 * (1 - Math.exp(-expected))
        const [row] = grads.policy_chosen_logps as readonly (readonly number[])[]
        return Math.abs(loss - expected) <= 1e-12 && w.p.every((_, t) => Math.abs(row![t]! - (t < shared ? 1 : alpha) * steep) <= 1e-12)
      }),
      { numRuns: 30, seed: 1979 },
    )
})

test('a completion may begin anywhere in its row', async () => {
  const read = of('ld-dpo', { alpha: 0.5 }).tokens!.read
  const at = (x: Tensor<'example'>, from: number): Tensor => {
    const cell = (value: number) =>
      tensor(
        { example: 1, token: 6 },
        Array.from({ length: 6 }, () => value),
      )
    const mask = tensor(
      { example: 1, token: 6 },
      Array.from({ length: 6 }, (_, t) => (t >= from && t < from + 3 ? 1 : 0)),
    )
    const ratios = { policy: add(cell(0), x) as Tensor<'example' | 'token'>, reference: cell(0), mask }
    const short = tensor({ example: 1, token: 6 }, [1, 0, 0, 0, 0, 0])
    return total(read({ chosen: ratios, rejected: { ...ratios, mask: short } }).chosen!.policy, 'example')
  }
  // One token counts whole, two by half.
  for (const from of [0, 1, 3]) assert.deepEqual(await slope((x) => at(x, from), [0]), [2])
})

test('the verdict says where humanline is flat; a bound on the wrong side is an error', () => {
  for (const key of ['humanline-kto', 'humanline-dpo']) {
    const { verdict, conditions } = verify(of(key))
    assert.equal(verdict, 'HALO')
    const { finding } = conditions.find(({ name }) => name === 'no token counts against itself')!
    assert.ok(finding.tag === 'proved' && finding.flat === 'flat where the log-ratio of a token is outside [-1, 1.5]')
    assert.equal(finding.settings, 'low ≤ 0, high ≥ 0')
    const wrong = find(families, key)!({ low: 0.5, high: -1 })
    assert.ok(E.isLeft(wrong))
    assert.match(explain(wrong.left), /^low: .*\nhigh: /)
  }
})

test('what takes whole completions refuses a loss that reads tokens', async () => {
  assert.throws(() => torchFunctions(of('humanline-kto')), TorchError)
  const sums = mixture([
    [1, of('humanline-dpo')],
    [0.1, of('sft')],
  ])
  assert.ok(E.isLeft(sums))
  assert.match(explain(sums.left), /losses of whole completions/)
  const inputs = { policy_chosen_logps: [-3], ref_chosen_logps: [-4], policy_rejected_logps: [-3], ref_rejected_logps: [-4] }
  await assert.rejects(evaluateCases({ name: 'humanline-dpo', settings: {} }, [{ inputs }]), EvidenceError)
})

test('losses that are known, and not here, are refused with what to use instead', async () => {
  for (const [name, says] of [
    ['TDPO', /distributions of both models.*Use dpo/],
    ['sampo', /Use ld-dpo/],
    ['rpo', /rpo-sq.*irpo.*dpo\+0\.005\*sft/],
  ] as const)
    await assert.rejects(findLoss(name, {}), says)
})
