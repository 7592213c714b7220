/** The kit asks PyTorch: the exported module of every declared loss passes, and so do the example adapters that can run here. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { examined, vectorsFor } from '../../app/conform/conform.ts'
import { findingsOf, isViolated } from '../../app/conform/findings.ts'
import { program } from '../../app/conform/protocol.ts'
import { lossFiles } from '../../app/handover/loss.ts'
import { catalogue, getOrThrow } from '../../halos/index.ts'
import { writeDirectoryAtomically } from '../../models/index.ts'
import { halograd, temporary } from '../app/fixture.ts'
import { python, withoutTorch } from './python.ts'

const folder = temporary()
const adapters = fileURLToPath(new URL('../../app/conform/python', import.meta.url))

/** Their gradients are differences of larger terms, of which bfloat16 keeps too few digits: there they miss its tolerance, and nowhere else. */
const cancelling: ReadonlySet<string> = new Set(['discopop', 'fpo-js'])

test('the exported module of every declared loss: nothing is violated', { skip: withoutTorch }, async () => {
  const families = (await catalogue()).filter((family) => getOrThrow(family()).tokens === undefined) // what reads tokens has no module
  const subjects = await Promise.all(families.map(({ key }) => examined(key, {})))
  const vectors = []
  for (const subject of subjects) {
    await writeDirectoryAtomically(join(folder, subject.name), Object.fromEntries(await lossFiles(subject.loss, subject.settings)))
    vectors.push(...(await vectorsFor(subject)))
  }
  const script = fileURLToPath(new URL('./all_losses.py', import.meta.url))
  const ask = program(`"${python}" "${script}" "${folder}" "${adapters}"`, 120, new AbortController().signal)
  const answers = await ask(vectors.map(({ asked: { property: _, plain: __, ...question } }) => question))
  const exchanges = vectors.map((vector, i) => ({ ...vector, answer: answers[i]! }))
  const wrong = subjects.flatMap(({ name }) => {
    const findings = findingsOf(exchanges.filter(({ asked }) => asked.loss === name))
    assert.ok(findings.filter(({ verdict }) => verdict === 'holds').length >= 12, name)
    return findings
      .filter((finding) => isViolated(finding) && !(cancelling.has(name) && finding.property.startsWith('bfloat16')))
      .map(({ property, witness }) => `${name}: ${property}: ${witness}`)
  })
  assert.deepEqual(wrong, [])
})

test('plain functions of torch, asked by the command as a user asks them', { skip: withoutTorch }, async () => {
  const examples = join(folder, 'adapters')
  assert.equal((await halograd('conform', '--examples', examples)).code, 0)
  const { code, out, err } = await halograd(
    'conform',
    '--loss',
    'kto',
    '--set',
    'undesirable=1.25',
    '--command',
    `"${python}" "${join(examples, 'adapter_functions.py')}"`,
  )
  assert.equal(code, 0, err)
  assert.match(out, /kto: \d+ hold, 0 violated, 4 not tested/)
})

test('TRL and HALOs through their adapters, against stand-ins; what HALOs leaves out of a mean is found', {
  skip: withoutTorch,
}, async () => {
  const standins = fileURLToPath(new URL('./standins', import.meta.url))
  const asked = (loss: string, adapter: string) =>
    halograd('conform', '--loss', loss, '--json', '--command', `PYTHONPATH="${standins}" "${python}" "${join(adapters, adapter)}"`)
  const violated = (out: string): readonly string[] =>
    (JSON.parse(out).findings as readonly { readonly verdict: string; readonly property: string }[])
      .filter(({ verdict }) => verdict === 'violated')
      .map(({ property }) => property)
  const right = [await asked('kto', 'adapter_trl.py'), await asked('dpo', 'adapter_halos.py')]
  for (const { code, out, err } of right) assert.deepEqual([code, violated(out)], [0, []], err)
  const halos = await asked('kto', 'adapter_halos.py')
  assert.deepEqual([halos.code, violated(halos.out)], [1, ['ties']], halos.err) // unrelated log-ratios of exactly 0 are not counted
})
