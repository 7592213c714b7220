/**
 * Losses written for PyTorch compute what halograd computes, by PyTorch: values, rewards, statistics, metrics and gradients of every loss of the
 * catalogue, and of users' own, to 1e-9 in float64 and 1e-5 in float32. A change to what was written is found.
 */
import assert from 'node:assert/strict'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import test from 'node:test'
import { lossFiles } from '../../app/handover/loss.ts'
import { findLoss } from '../../app/inputs/losses.ts'
import { type AnyLoss, catalogue, getOrThrow, type Settings } from '../../halos/index.ts'
import { writeDirectoryAtomically } from '../../models/index.ts'
import { halograd, temporary } from '../app/fixture.ts'
import { byPython, formatted, withoutBlack, withoutTorch } from './python.ts'

const folder = temporary()
const write = async (name: string, loss: AnyLoss, settings: Settings): Promise<string> => {
  const directory = join(folder, name)
  await writeDirectoryAtomically(directory, Object.fromEntries(await lossFiles(loss, settings)))
  return directory
}

/** A user's own: a margin, another reward, a value function that nobody declared before. */
const own = join(folder, 'bold.ts')
const halos = new URL('../../halos/index.ts', import.meta.url).href
writeFileSync(
  own,
  `import { always, halo, logRatio, negation, policy, value } from '${halos}'
   export default halo({ name: 'Bold', reward: logRatio(0.3), reference: policy(), t: always(negation),
     value: value('erf(z + 1)', (S) => (z) => S.erf(S.add(z, S.of(1)))) })`,
)
/** Those that read tokens are refused. */
const families = (await catalogue()).filter((family) => getOrThrow(family()).tokens === undefined)
const directories = await Promise.all([
  ...families.map((family) => write(family.key, getOrThrow(family()), family.defaults)),
  write('own', await findLoss(own, {}), {}),
  write('sum', await findLoss('dpo+0.1*sft', {}), {}),
  write('smoothed', await findLoss('simpo', { epsilon: 0.2 }), { epsilon: 0.2 }),
])

const failuresIn = (...of: readonly string[]): ReadonlyMap<string, readonly string[]> => {
  const { status, out, err } = byPython(new URL('./parity.py', import.meta.url).pathname, ...of)
  assert.equal(status, 0, err)
  return new Map(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  )
}

test('every loss, by PyTorch, in float64 and float32', { skip: withoutTorch }, () => {
  const found = failuresIn(...directories)
  assert.deepEqual(
    [...found.keys()],
    directories.map((each) => basename(each)),
  )
  for (const [name, wrong] of found) assert.deepEqual(wrong, [], name)
})

test('whatever is changed in what was written is found', { skip: withoutTorch }, () => {
  const changes: readonly (readonly [string, string, string])[] = [
    ['kto', '0.1 * (unrelated', '0.11 * (unrelated'],
    ['kto', '.detach()', ''],
    ['kto', 'torch.maximum(number(0), (pooled.sum / pooled.count).detach())', '(pooled.sum / pooled.count).detach()'],
    ['kto', '0 < label', '0 <= -label'],
    ['dpo', 'F.logsigmoid(relative_reward)', 'torch.log(torch.sigmoid(relative_reward))'],
    ['hinge', 'torch.minimum', 'torch.maximum'],
    ['aot', 'x1 < x1[:, None]', 'x1 > x1[:, None]'],
    ['ppo-value', 'x3 = x2.detach()', 'x3 = x2'],
    ['sft', 'outcome.length', 'torch.ones_like(outcome.length)'],
  ]
  const changed = changes.map(([name, before, after], i) => {
    const directory = join(folder, `changed ${i}`)
    cpSync(join(folder, name), directory, { recursive: true })
    const file = join(directory, 'halo_loss.py')
    const text = readFileSync(file, 'utf8')
    assert.ok(text.includes(before), `${name} has no ${before}`)
    writeFileSync(file, text.replace(before, after))
    return directory
  })
  for (const [name, wrong] of failuresIn(...changed)) assert.ok(wrong.length > 0, `${name}: ${changes[Number(name.split(' ')[1])]}`)
})

test('it is formatted as black formats', { skip: withoutBlack }, () => {
  const some = ['kto', 'mpo', 'aot', 'grpo', 'orpo', 'own', 'sum', 'smoothed'].map((name) => join(folder, name, 'halo_loss.py'))
  const { status, out } = formatted(...some, join(folder, 'kto', 'check_parity.py'))
  assert.equal(status, 0, out.slice(0, 2000))
})

test('the command writes it; what has no form in PyTorch is refused by name, and nothing is written', async () => {
  const out = join(folder, 'written')
  const done = await halograd('export', 'loss', 'kto', '--set', 'beta=0.5', '--out', out, '--json')
  assert.equal(done.code, 0, done.err)
  assert.deepEqual(JSON.parse(done.out).files, ['halo_loss.py', 'check_parity.py', 'parity.json'])
  assert.match(readFileSync(join(out, 'halo_loss.py'), 'utf8'), /rewards = 0\.5 \* \(outcome\.policy - outcome\.reference\)/)
  assert.deepEqual(JSON.parse(readFileSync(join(out, 'parity.json'), 'utf8')).settings, { beta: 0.5, desirable: 1, undesirable: 1 })

  const odd = join(folder, 'odd.ts')
  writeFileSync(
    odd,
    `import { reverse } from '${new URL('../../core/index.ts', import.meta.url).href}'
     import { meanOf, needing, unpublished } from '${halos}'
     export default { name: 'Backwards', source: unpublished('Backwards'), needs: needing('outcome'),
       evaluate: ({ outcome }) => ({ ...meanOf(reverse(outcome.policy, 'example')), rewards: { outcome: outcome.policy } }) }`,
  )
  const refused = await halograd('export', 'loss', odd, '--out', join(folder, 'never'))
  assert.equal(refused.code, 1)
  assert.match(refused.err, /^error: Backwards cannot be written for PyTorch: expected slices of lists of examples, found another movement/)
  assert.match((await halograd('export', 'loss', 'nothing', '--out', join(folder, 'never'))).err, /there is no loss 'nothing'/)
})
