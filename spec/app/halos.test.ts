/** The algebra from the command line: the catalogue, verdicts, formulas, citations, and losses on numbers. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { commonDomain } from '../../app/plot.ts'
import { halograd, temporary } from './fixture.ts'

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const folder = temporary()
const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

test('losses lists the catalogue with verdicts', async () => {
  const rows: readonly { readonly key: string; readonly verdict: string }[] = JSON.parse((await halograd('losses', '--json')).out)
  const verdict = (key: string) => rows.find((row) => row.key === key)?.verdict
  assert.equal(verdict('kto'), 'HALO')
  assert.equal(verdict('dpo'), 'HALO')
  assert.equal(verdict('ipo'), 'not a HALO')
  assert.match((await halograd('losses')).out, /^kto +HALO +labels +beta=0\.1 desirable=1 undesirable=1 +Ethayarajh 2024/m)
})

test('verify proves what is declared, refutes what is stated, and fails on a declaration that does not hold', async () => {
  const good = await halograd('verify', 'kto', 'IPO')
  assert.equal(good.code, 0, good.err)
  assert.match(good.out, /KTO: HALO\n[\s\S]*v is non-decreasing: proved on/)
  assert.match(good.out, /IPO: not a HALO\n[\s\S]*refuted/)
  const declaration = (body: string): string => `
import { always, halo, logRatio, negation, policy, value } from '${repository}/halos/index.ts'
export default halo({
  name: 'Bold',
  source: { key: 'me2026', authors: ['Me'], title: 'Bold', year: 2026, at: 'here' },
  reward: logRatio(0.1),
  reference: policy(),
  value: value('bold', (S) => (z) => ${body}),
  t: always(negation),
})
`
  const bad = await halograd('verify', '--file', file('bold.ts', declaration('S.sigmoid(S.sub(z, S.of(1)))')))
  assert.equal(bad.code, 1)
  assert.match(bad.out, /v is concave on gains: refuted: .*z = 0\./)
  assert.match(bad.err, /not what it is declared to be: Bold/)
  const mended = await halograd('verify', '--file', file('mended.ts', declaration('S.sigmoid(S.add(z, S.of(1)))')), '--json')
  assert.equal(mended.code, 0, mended.err)
  assert.equal(JSON.parse(mended.out)[0].verdict, 'HALO')
})

test('a body that uses what is no primitive is an expected error: its name, the primitives, file and line', async () => {
  const own = file(
    'slip.ts',
    `import { always, halo, logRatio, negation, policy, value } from '${repository}/halos/index.ts'
export default halo({
  name: 'Slip', reward: logRatio(0.1), reference: policy(), t: always(negation),
  value: value('slip', (S) => (z) => S.ge(z, S.of(0))),
})
`,
  )
  for (const args of [['verify'], ['verify', '--file'], ['plot', 'value', '--out', join(folder, 'slip.svg')], ['latex']]) {
    const { code, err } = await halograd(...args, own)
    assert.equal(code, 1, err)
    assert.match(
      err,
      /^error: S\.ge is not a primitive of the scalar language \(.*\/slip\.ts:4:\d+\)\. The primitives are of, add, .*where\./,
    )
    assert.doesNotMatch(err, /not expected/)
  }
})

test('cite prints BibTeX, latex the formula', async () => {
  assert.match((await halograd('cite', 'kto')).out, /^@misc\{ethayarajh2024kto,\n[\s\S]*eprint = \{2402\.01306\}/)
  assert.match((await halograd('latex', 'dpo')).out, /\\mathbb\{E\}/)
})

test('loss evaluates cases by name and refuses what is incomplete, malformed or unknown', async () => {
  const inputs = {
    policy_chosen_logps: [-1, -2],
    policy_rejected_logps: [-2, -2],
    ref_chosen_logps: [-1, -2],
    ref_rejected_logps: [-1, -2],
  }
  const cases = file('cases.json', JSON.stringify([{ id: 'a', hyper: { beta: 1 }, inputs }]))
  const [answer] = JSON.parse((await halograd('loss', 'dpo', '--in', cases, '--json')).out)
  assert.equal(answer.id, 'a')
  assert.ok(Math.abs(answer.losses[0] - Math.log1p(Math.exp(-1))) < 1e-12)
  assert.ok(Math.abs(answer.losses[1] - Math.log(2)) < 1e-12)
  assert.ok(answer.grads.policy_chosen_logps[0] < 0)
  // Another library's name for it; numbers that JSON does not have are strings.
  const [same] = JSON.parse((await halograd('loss', 'sigmoid', '--in', cases, '--json')).out)
  assert.deepEqual(same, answer)
  const far = file('far.json', JSON.stringify([{ inputs: { ...inputs, policy_chosen_logps: ['-Infinity', -2] } }]))
  const [infinite] = JSON.parse((await halograd('loss', 'dpo', '--in', far, '--json')).out)
  assert.equal(infinite.loss, 'Infinity')
  const [set] = JSON.parse((await halograd('loss', 'dpo', '--set', 'beta=2', '--in', cases, '--json')).out)
  assert.ok(Math.abs(set.losses[0] - Math.log1p(Math.exp(-2))) < 1e-12)
  const refused = async (says: RegExp, code: number, ...args: readonly string[]) => {
    const run = await halograd('loss', ...args)
    assert.equal(run.code, code, run.err)
    assert.match(run.err, says)
    assert.equal(run.out, '')
  }
  await refused(/KTO needs outcome\.policy/, 1, 'kto', '--in', cases)
  await refused(/expected a JSON array of cases, found malformed JSON/, 1, 'dpo', '--in', file('bad.json', '['))
  await refused(
    /case 0, input policy_logps: numbers, or rows of equally many, found \["a"\]/,
    1,
    'kto',
    '--in',
    file('text.json', '[{"inputs": {"policy_logps": ["a"]}}]'),
  )
  await refused(/there is no 'trl\/kto'\. Did you mean .*trl_main\/kto\/kto/, 2, '--entry', 'trl/kto', '--in', cases)
  await refused(/--entry: it computes advantages, which a loss is then given/, 2, '--entry', 'halos_main/ppo_advantages', '--in', cases)
  const ragged = file('ragged.json', '[{"inputs": {"policy_logps": [[-1, -2], [-1]]}}]')
  await refused(/case 0, input policy_logps: numbers, or rows of equally many, found \[\[-1,-2\],\[-1\]\]/, 1, 'sft', '--in', ragged)
  await refused(/but not both/, 2, 'dpo', '--entry', 'trl_main/dpo/sigmoid', '--in', cases)
})

test('loss --entry gives the numbers that another library gives', async () => {
  const golden = JSON.parse(readFileSync(new URL('../golden/losses.json', import.meta.url), 'utf8')).functions['trl_main/kto/kto'].cases
  const answers = JSON.parse(
    (await halograd('loss', '--entry', 'trl_main/kto/kto', '--in', file('golden.json', JSON.stringify(golden)), '--json')).out,
  )
  assert.equal(answers.length, golden.length)
  answers.forEach((answer: { readonly loss: number; readonly losses: readonly number[] }, i: number) => {
    const { loss, losses } = golden[i].outputs
    assert.ok(Math.abs(answer.loss - loss) <= 1e-9 * Math.max(1, Math.abs(loss)), `case ${golden[i].id}`)
    answer.losses.forEach((x, k) => {
      assert.ok(Math.abs(x - losses[k]) <= 1e-9, `case ${golden[i].id}, example ${k}`)
    })
  })
})

test('plot draws curves as SVG and PNG, and refuses what is no curve', async () => {
  const svg = join(folder, 'figure2.svg')
  const run = await halograd('plot', 'utility', '--side-by-side', '--out', svg, '--json')
  assert.equal(run.code, 0, run.err)
  const text = readFileSync(svg, 'utf8')
  assert.match(text, /^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/)
  for (const name of ['Kahneman–Tversky', 'DPO', 'PPO-Clip', 'KTO']) assert.ok(text.includes(`>${name}<`), name)
  const kto = JSON.parse(run.out).series.at(-1).points.at(-1)
  assert.ok(Math.abs(kto[1] - (1 / (1 + Math.exp(-5)) - 0.5)) < 1e-12, 'σ(5) − σ(0)')
  const png = join(folder, 'gradient.png')
  assert.equal((await halograd('plot', 'gradient', 'kto', 'dpo', '--out', png)).code, 0)
  assert.deepEqual([...readFileSync(png).subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47])
  const refused = await halograd('plot', 'value', 'sft', '--out', svg)
  assert.equal(refused.code, 2)
  assert.match(refused.err, /SFT cannot be drawn/)
  const some = await halograd('plot', 'value', 'sft', 'kto', 'dpo', '--out', svg)
  assert.equal(some.code, 0, some.err)
  assert.match(some.err, /left out: SFT cannot be drawn: it is no function of a gain z\nvalue of KTO, DPO in/)
  const legend = [...readFileSync(svg, 'utf8').matchAll(/stroke-dasharray="([^"]*)"\/><text[^>]*>([^<]*)</g)].map(([, dashes, name]) => [
    name,
    dashes,
  ])
  assert.deepEqual(legend, [['DPO', '8 5']], 'dashes are in the legend')
  assert.equal((await halograd('plot', 'value', '--out', join(folder, 'a.pdf'))).code, 2)
})

test('one far curve does not flatten the others', () => {
  assert.deepEqual(
    commonDomain([
      [0, 1],
      [0.2, 0.8],
    ]),
    [0, 1],
  )
  assert.deepEqual(
    commonDomain([
      [0, 1],
      [-100, 0.5],
    ]),
    [-1, 1],
  )
  assert.deepEqual(commonDomain([[-100, 0.5]]), [-100, 0.5])
  assert.deepEqual(commonDomain([[2], [2]]), [1.5, 2.5])
})

test('certificates: written by verify, accepted by check; what was changed since, or says more than is proved, is not', async () => {
  const [one, two] = [join(folder, 'kto.json'), join(folder, 'some.json')]
  assert.equal((await halograd('verify', 'kto', '--certificate', one)).code, 0)
  const good = await halograd('check', one)
  assert.equal(good.code, 0, good.err)
  assert.match(good.out, /^KTO: HALO, as certified\n {2}value is non-decreasing for z in \[-inf, inf\]: 1 box/)
  await halograd('verify', 'dpo', 'ipo', '--certificate', two)
  const both: readonly { readonly accepted: boolean; readonly verdict: string }[] = JSON.parse(
    (await halograd('check', one, two, '--json')).out,
  )
  assert.deepEqual(
    both.map(({ accepted, verdict }) => [accepted, verdict]),
    [
      [true, 'HALO'],
      [true, 'HALO'],
      [true, 'not a HALO'],
    ],
  )
  // Another name, of which all that is claimed is still true.
  const changed = await halograd('check', file('changed.json', readFileSync(one, 'utf8').replace('"loss":"KTO"', '"loss":"DPO"')))
  assert.equal(changed.code, 1)
  assert.match(changed.out, /^DPO: rejected: it is not as it was written/)
  const broken = await halograd('check', file('broken.json', '{'))
  assert.equal(broken.code, 2)
  assert.match(broken.err, /broken\.json: expected a certificate, in JSON/)
  assert.match((await halograd('check', file('empty.json', '{}'))).out, /certificate 1: rejected/)
})
