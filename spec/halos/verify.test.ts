/** Verdicts: what every loss of the catalogue is, and what is said of it. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { either as E } from 'fp-ts'
import {
  always,
  anchor,
  catalogue,
  cite,
  describe,
  explain,
  find,
  getOrThrow,
  type Halo,
  halo,
  logProbability,
  logRatio,
  negation,
  policy,
  prospect,
  rejected,
  series,
  toLatex,
  value,
  vary,
  verify,
} from '../../halos/index.ts'
import { valid } from '../../halos/internal.ts'
import { column, completion, numbers } from './numbers.ts'

const families = await catalogue()
const reports = new Map(families.map((family) => [family.key, verify(getOrThrow(family()))]))

/** The verdicts of the theory. */
const verdicts = {
  HALO: 'kto kto-zero kto-logsigmoid kto-surprisal kto-pair prospect bco bco-pair dpo dpo-sigmoid dpo-norm hinge slic-calibration robust-dpo truncated-ipo apo-zero aot-unpaired dpo-forward-kl dpo-js dpo-alpha cpo simpo alphapo orpo-odds bradley-terry ppo-clip ppo-value sapo gspo',
  'not a HALO': 'cdpo ipo ipo-sum exo-pair nca-pair sppo-hard apo-down discopop aot slic orpo mpo grpo cispo sft csft unlikelihood',
} as const

for (const [verdict, keys] of Object.entries(verdicts))
  for (const key of keys.split(' '))
    test(`${key}: ${verdict}`, (t) => {
      const report = reports.get(key)!
      assert.equal(report.verdict, verdict)
      for (const line of describe(report)) t.diagnostic(line)
    })

test('settings change verdicts: label smoothing and a KL term leave the class', () => {
  for (const key of ['cpo', 'simpo', 'alphapo', 'aot-unpaired', 'dpo-forward-kl'])
    assert.equal(verify(getOrThrow(find(families, key)!({ epsilon: 0.1 }))).verdict, 'not a HALO', key)
  assert.equal(verify(getOrThrow(find(families, 'grpo')!({ beta: 0 }))).verdict, 'HALO')
})

const mine = (body: Parameters<typeof value>[1]) =>
  getOrThrow(halo({ name: 'mine', reward: logRatio(0.1), reference: policy(), value: value('mine', body), t: always(negation) }))

test('a mistake is refuted with a witness, and accepted when mended', () => {
  const wrong = verify(mine((S) => (z) => S.sub(S.tanh(z), S.mul(S.of(0.1), z))))
  assert.equal(wrong.verdict, 'not a HALO')
  assert.match(describe(wrong).join('\n'), /v is non-decreasing: refuted: z = /)
  assert.equal(verify(mine((S) => S.tanh)).verdict, 'HALO')
})
test('PPO-Clip as published, with r = log q, is refuted: v is convex on (0, log(1 + ε))', () => {
  const published = verify(mine((S) => (z) => S.mul(S.of(-1), S.max(S.mul(S.of(-1), S.exp(z)), S.of(-1.2)))))
  const convex = published.conditions.find(({ name }) => name === 'v is concave on gains')!
  assert.equal(convex.finding.tag, 'refuted')
})
test('a reward without a centre has no anchor', () => {
  const result = halo({
    name: 'p at 0',
    reward: logProbability(1),
    reference: anchor,
    value: value('z', () => (z) => z),
    t: always(negation),
  })
  assert.ok(E.isLeft(result))
  assert.match(explain(result.left), /^reference: expected a reference point other than r\(u = 0\)/)
})

test('profiles: slopes, aversion, saturation, margins', () => {
  const of = (key: string) => reports.get(key)!.profile!
  assert.deepEqual(of('kto').slopes, { losses: 0, zero: 0.25, gains: 0 })
  assert.deepEqual(of('dpo').slopes, { losses: 1, zero: 0.5, gains: 0 })
  assert.equal(of('kto').lossAversion, 'symmetric')
  for (const key of ['dpo', 'hinge', 'robust-dpo', 'prospect']) assert.equal(of(key).lossAversion, 'averse', key)
  assert.ok(Math.abs(of('dpo').saturation.gains! - Math.log(99)) < 1e-9)
  assert.equal(of('dpo').saturation.losses, undefined)
  assert.equal(of('robust-dpo').saturation.gains, undefined)
  assert.ok(Math.abs(of('hinge').margin! - 1) < 1e-9)
  assert.equal(of('kto').margin, undefined)
  assert.deepEqual(of('kto').bounded, { below: true, above: true })
  assert.deepEqual(of('dpo').bounded, { below: false, above: true })
})
test("prospect: v'(0) is infinite, and guarded: finite at 0, and within 1e-4 of the power beyond", () => {
  const v = getOrThrow(prospect()).body
  const { slopes } = verify(getOrThrow(find(families, 'prospect')!())).profile!
  assert.ok(Number.isFinite(slopes.zero))
  const at = series({ ...mine(v) }, 'value', { from: -2, to: 2, points: 9 })!.points
  for (const [z, y] of at) assert.ok(Math.abs(y - (z >= 0 ? z ** 0.88 : -2.25 * (-z) ** 0.88)) < 1e-4, `v(${z}) = ${y}`)
})

test('a loss of one’s own is unpublished, until it has a source', () => {
  assert.equal(cite(mine((S) => S.tanh)), '@misc{unpublished,\n  title = {mine},\n}')
})
test('every loss can be cited and printed; names of other libraries are known', () => {
  for (const family of families) {
    const loss = getOrThrow(family())
    assert.match(cite(loss), /^@(misc|article)\{[a-z]+\d{4}\w*,\n {2}title = \{.+\},\n/)
    assert.ok(toLatex(loss).length > 3)
  }
  for (const [theirs, ours] of [
    ['sigmoid', 'dpo'],
    ['KTOTrainer', 'kto'],
    ['apo_zero_unpaired', 'kto-zero'],
    ['exo_pair', 'exo-pair'],
    ['SLiCTrainer', 'slic'],
    ['KTOLoss', 'kto'],
    ['dr_grpo', 'ppo-clip'],
    ['GRPOTrainer', 'grpo'],
    ['CSFTTrainer', 'csft'],
  ])
    assert.equal(find(families, theirs!)?.key, ours)
  assert.equal(find(families, 'nonesuch'), undefined)
  const names = families.flatMap(({ key, aliases }) => [key, ...aliases].map((name) => name.toLowerCase().replaceAll('_', '-')))
  assert.equal(new Set(names).size, names.length, 'a name means one loss')
})

test('implied utilities: what Figure 2 of the KTO paper draws', () => {
  for (const key of ['prospect', 'dpo', 'slic-calibration', 'ppo-clip', 'kto']) {
    const { points } = series(getOrThrow(find(families, key)!()), 'utility')!
    assert.equal(points.find(([z]) => z === 0)?.[1], 0)
    assert.ok(
      points.every(([, y], i) => i === 0 || y >= points[i - 1]![1] - 1e-12),
      `${key} never falls`,
    )
  }
})
test('rejected is a point mass; a wrong temper is a flaw', () => {
  assert.ok(E.isRight(rejected))
  assert.ok(E.isLeft(find(families, 'sapo')!({ positive: 0 })))
})

test('AOT: what a pair is held to jumps when another pair overtakes it', async () => {
  const loss = getOrThrow(find(families, 'aot')!())
  const at = async (other: number) => {
    const chosen = completion(column(-1, other), [-1, -3])
    const [own] = await numbers(
      loss.evaluate({ chosen, rejected: completion(column(-2, -2), [-1.5, -2]), outcome: chosen, unrelated: chosen, label: column(1, 1) })
        .losses,
    )
    return own!
  }
  // The first pair's margin is 1; the other's passes it between 0.999 and 1.001.
  assert.ok(Math.abs((await at(-1.001)) - (await at(-0.999))) > 0.05)
  assert.equal(await at(-1.5), await at(-1.001))
})

test('formulas: in the words of the papers, with parentheses only where they are needed', () => {
  const ratio = '\\log \\frac{\\pi_\\theta(y|x)}{\\pi_{\\mathrm{ref}}(y|x)}'
  const formulas = {
    dpo: `L = \\mathbb{E}\\left[ -\\log \\sigma\\left(z\\right) \\right], \\quad z = r(x, y_w) - r(x, y_l), \\quad r = 0.1 ${ratio}`,
    kto: `L = \\mathbb{E}\\left[ 1 - \\sigma\\left(z\\right) \\right], \\quad z = s \\left(r - z_0\\right), \\quad z_0 = \\mathrm{stop}\\left(\\max\\left(0, \\overline{r(x, y')}\\right)\\right), \\quad r = 0.1 ${ratio}`,
    'ipo-sum': `L = \\mathbb{E}\\left[ \\left(r_w - r_l - 5\\right)^2 \\right], \\quad r = ${ratio}`,
    hinge: `L = \\mathbb{E}\\left[ -\\min\\left(0, z - 1\\right) \\right], \\quad z = r(x, y_w) - r(x, y_l), \\quad r = 0.1 ${ratio}`,
  }
  for (const [key, formula] of Object.entries(formulas)) assert.equal(toLatex(getOrThrow(find(families, key)!())), formula)
})

test('each condition is refuted by a declaration that breaks it alone', () => {
  const kto = getOrThrow(find(families, 'kto')!()) as unknown as Halo
  const clip = getOrThrow(find(families, 'ppo-clip')!()) as unknown as Halo
  const broken: Readonly<Record<string, Halo>> = {
    't is negative affine': vary(kto, { t: { ...kto.t, undesirable: { shift: 0, scale: -1 } } }),
    // Under π_old the mean of q is 1, but that of log q is −KL, not 0.
    'Q is a distribution; drawn from Q, the estimator has the mean E_Q r': vary(clip, { reward: kto.reward }),
  }
  for (const [name, loss] of Object.entries(broken)) {
    const refuted = verify(loss).conditions.flatMap((condition) => (condition.finding.tag === 'refuted' ? condition.name : []))
    assert.deepEqual(refuted, [name])
  }
})

test('what no constructor made is refused, and nothing is known of it', () => {
  const kto = getOrThrow(find(families, 'kto')!()) as unknown as Halo
  const falling: Halo['reward'] = { ...kto.reward, body: (S) => (p, q) => S.sub(q, p) }
  const { verdict, conditions } = verify(vary(kto, { reward: falling }))
  assert.equal(verdict, 'undecided')
  assert.match(JSON.stringify(conditions), /the reward 0\.1 u: written by hand/)
  const parts = { name: 'by hand', reference: anchor, value: value('tanh', (S) => S.tanh), t: always(negation) }
  const made = halo({ ...parts, reward: valid({ ...getOrThrow(logRatio(1)), centre: 1 }) })
  assert.ok(E.isLeft(made))
  assert.match(
    explain(made.left),
    /^reward: expected what a constructor of the vocabulary makes, such as logRatio\(β\), got '1 u', written by hand/,
  )
})

test('a body that throws, loops, or looks at what it is given is a finding', () => {
  const bodies: Readonly<Record<string, Parameters<typeof value>[1]>> = {
    'it throws: no': () => () => {
      throw new Error('no')
    },
    'it applies more than 10000 primitives': (S) => (z) => {
      for (let x = z; ; ) x = S.add(x, z)
    },
    'another function at numbers than as a text': (S) => (z) => (typeof z === 'number' ? z : S.mul(S.of(-1), z)),
    'which is no scalar': () => () => undefined as never,
  }
  for (const [why, body] of Object.entries(bodies)) {
    const { verdict, conditions } = verify(mine(body))
    assert.notEqual(verdict, 'HALO', why)
    assert.ok(JSON.stringify(conditions).includes(why), `${why}: ${JSON.stringify(conditions)}`)
  }
})

test('what compares nothing is degenerate, and said to be equal to what', () => {
  const held = verify(mine(() => (z) => z))
  assert.equal(held.verdict, 'degenerate')
  assert.match(describe(held).join('\n'), /something is compared: degenerate: v\(z\) = 1 z \+ c and E_Q r is held: ∂L\/∂θ = −a 1 s ∂r\/∂θ/)
  assert.equal(verify(mine((S) => () => S.of(3))).verdict, 'degenerate')
})

test('proofs hold for all settings at once', () => {
  const settings = (key: string): string => JSON.stringify(reports.get(key)!.conditions)
  assert.match(settings('robust-dpo'), /κ ≥ 0/)
  assert.match(settings('simpo'), /γ ≥ 0/)
  assert.match(settings('prospect'), /0 < α ≤ 1, λ > 0, ε > 0/)
  assert.match(settings('kto'), /β > 0/)
})
