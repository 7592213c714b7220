/** Every file of `examples/` type-checks against the package and runs as it is written; what it must say is here. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporary, tinyModel } from './app/fixture.ts'

const folder = fileURLToPath(new URL('../examples/', import.meta.url))
const examples = readdirSync(folder).filter((file) => file.endsWith('.ts'))
const work = temporary()
const model = await tinyModel(join(work, 'model'))

const run = async (...args: readonly string[]): Promise<string> => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env // which would make a test runner inside this one report to it, not to us
  const { stdout } = await promisify(execFile)(process.execPath, [...args], { cwd: folder, encoding: 'utf8', env })
  return stdout
}
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')

/** What an example prints, or some of it; its arguments, where it takes any. */
const expected: Readonly<Record<string, { readonly says: RegExp; readonly args?: readonly string[] }>> = {
  'align-kto.ts': { says: /step 1: loss 0\.500, margin 0\.000\nstep 20: loss 0\.[34]/, args: [model, join(work, 'aligned')] },
  'character-model.ts': { says: /step 60: loss 0\.\d+\nthe sea/ },
  'custom-backend.ts': { says: /product 4 5 10 11\nkernels 1/ },
  'elementwise.ts': { says: /slope, reverse -0\.10835/ },
  'figure-2.ts': { says: /KTO \(HALO\)/ },
  'first-loss.ts': { says: /0\.51249[\s\S]*-0\.01249[\s\S]*0\.01249/ },
  'new-halo.ts': { says: /σ\(z − 1\): not a HALO[\s\S]*σ\(z \+ 1\): HALO/ },
  'prospect-theory.ts': { says: /from nothing, people take +the sure amount[\s\S]*from \$1M, people take +the gamble/ },
  'verdicts.test.ts': { says: /# pass 2/, args: [] },
}

test('there are at least eight examples of at most 60 lines, and each is executed', () => {
  assert.ok(examples.length >= 8)
  assert.deepEqual(examples.toSorted(), Object.keys(expected).sort())
  for (const file of examples) assert.ok(readFileSync(join(folder, file), 'utf8').split('\n').length <= 61, file)
})

test('examples type-check against the built package', async () => {
  await run(tsc, '-p', folder)
})

for (const [file, { says, args = [] }] of Object.entries(expected))
  test(`examples/${file}`, async () => {
    const how = file.endsWith('.test.ts') ? ['--test', '--test-reporter', 'tap'] : []
    assert.match(await run('--import', import.meta.resolve('tsx'), ...how, join(folder, file), ...args), says)
  })
