/**
 * What is written for TRL, HALOs, verl, NeMo-RL and axolotl: names and arguments are those that were recorded of these libraries, and against minimal
 * stand-ins for them each computes the exported loss. The libraries themselves are not here.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { filesOf, targets } from '../../app/handover/targets.ts'
import { halograd, temporary } from '../app/fixture.ts'
import { byPython, formatted, withoutBlack, withoutTorch } from './python.ts'

const folder = temporary()
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

test('names, arguments and losses, against stand-ins', { skip: withoutTorch }, async () => {
  for (const loss of ['kto', 'dpo', 'ppo-clip'])
    for (const target of targets) {
      const { code, err } = await halograd('export', 'loss', loss, '--to', target, '--out', join(folder, loss))
      assert.equal(code, 0, err)
      for (const name of filesOf[target]) assert.ok(existsSync(join(folder, loss, name)), name)
    }
  const { status, out, err } = byPython(
    here('./wrappers.py'),
    here('../golden/signatures.json'),
    ...['kto', 'dpo', 'ppo-clip'].map((loss) => join(folder, loss)),
  )
  const checks: readonly (readonly [string, string | null])[] = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    checks.filter(([, problem]) => problem !== null),
    [],
    err,
  )
  assert.equal(status, 0, err)
  assert.ok(checks.length > 25, `${checks.length} checks`)
})

test('they are formatted as black formats', { skip: withoutBlack }, () => {
  const python = targets.flatMap((target) => filesOf[target].filter((name) => name.endsWith('.py')))
  const { status, out } = formatted(...python.map((name) => join(here('../../app/handover/python'), name)))
  assert.equal(status, 0, out.slice(0, 2000))
})
