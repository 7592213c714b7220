/** What it takes to add something: a primitive is a line, a HALO is a file, a backend is a folder. Nothing else is touched, and all of it works. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { open, survey } from '../../app/inputs/backends.ts'
import { grad, mul, read, sum, type Tensor, tensor, unary } from '../../core/index.ts'
import { halograd, jsonLines, judged, temporary, tinyModel } from './fixture.ts'

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const folder = temporary()
const model = await tinyModel(join(folder, 'model'))
const data = jsonLines(join(folder, 'judged.jsonl'), judged)

// x · tanh(softplus(x)), Misra (2019), arXiv:1908.08681: the line that adds a primitive.
const mish = unary((S) => (x) => S.mul(x, S.tanh(S.softplus(x))))

test('a primitive is a line: its kernels on every backend, and its derivatives, come along', async (t) => {
  const xs = [-30, -3, -1, -0.1, 0, 0.5, 2, 20]
  const x = tensor({ i: xs.length }, xs)
  const value = (u: number): number => u * Math.tanh(Math.log1p(Math.exp(u)))
  const slope = (u: number): number => (value(u + 1e-5) - value(u - 1e-5)) / 2e-5
  const total = (v: Tensor<'i'>): Tensor => sum(mish(v), 'i')
  const curved = (v: Tensor<'i'>): Tensor => sum(mul(grad(total)(v), v), 'i')
  const curvature = (u: number): number => (slope(u + 1e-4) - slope(u - 1e-4)) / 2e-4
  for (const { backend, mode, available, detail } of await survey()) {
    if (!available) {
      t.diagnostic(`${backend} ${mode} is not here: ${detail}`)
      continue
    }
    const here = await open({ backend, ...(backend === 'reference' ? {} : { mode }) })
    const close = async (what: string, y: Tensor<'i'>, want: readonly number[]) =>
      (await read(here, y)).forEach((found, i) => {
        assert.ok(
          Math.abs(found - want[i]!) < 2e-4 * Math.max(1, Math.abs(want[i]!)),
          `${backend} ${mode}: ${what} at ${xs[i]} is ${found}`,
        )
      })
    await close('value', mish(x), xs.map(value))
    await close('slope', grad(total)(x), xs.map(slope))
    await close(
      'derivative of x · slope',
      grad(curved)(x),
      xs.map((u) => slope(u) + u * curvature(u)),
    )
    await here.close?.()
  }
})

test('a HALO is a file: declared, checked and trained without being listed anywhere', async () => {
  const file = join(folder, 'steady.ts')
  writeFileSync(
    file,
    `/** KTO with log σ for a value: bad completions are never forgotten. */
import { always, halo, logLogistic, logRatio, negation, policy } from '${repository}/halos/index.ts'

export default halo({
  name: 'Steady',
  source: { key: 'me2026', authors: ['Me'], title: 'Steady', year: 2026, at: 'this file' },
  reward: logRatio(0.2),
  reference: policy(),
  value: logLogistic,
  t: always(negation),
})
`,
  )
  const args = ['align', '--model', model, '--data', data, '--epochs', '4', '--batch', '4', '--lr', '0.02', '--eval', '0.25', '--json']
  const run = await halograd(...args, '--halo', file, '--out', join(folder, 'steady'), '--backend', 'reference')
  assert.equal(run.code, 0, run.err)
  const result = JSON.parse(run.out)
  assert.equal(result.loss, 'Steady')
  assert.ok(Math.abs(result.firstLosses[0] - Math.log(2)) < 1e-6)
  assert.ok(result.heldOut.after.metrics['rewards/margins'] > 0.01)
})

test('a flaw in it is told before anything runs', async () => {
  const file = join(folder, 'flawed.ts')
  writeFileSync(
    file,
    `import { always, halo, hinge, logRatio, negation, policy } from '${repository}/halos/index.ts'
const source = { key: 'me2026', authors: ['Me'], title: 'Flawed', year: 2026, at: 'this file' }
export default halo({ name: 'Flawed', source, reward: logRatio(-1), reference: policy(), value: hinge(-2), t: always(negation) })
`,
  )
  const run = await halograd('align', '--halo', file, '--model', model, '--data', data, '--out', join(folder, 'flawed'))
  assert.equal(run.code, 1)
  assert.match(run.err, /reward\.beta: expected a positive number, got -1/)
  assert.match(run.err, /value\.delta: expected a number that is not negative, got -2/)
})

test('the verdict is told; a refuted loss of one’s own stops before anything runs, unless it is allowed', async () => {
  const file = join(folder, 'bold.ts')
  const bold = (body: string): void =>
    writeFileSync(
      file,
      `import { always, halo, logRatio, negation, policy, value } from '${repository}/halos/index.ts'
export default halo({ name: 'Bold', reward: logRatio(0.1), reference: policy(), t: always(negation), value: value('bold', (S) => (z) => ${body}) })
`,
    )
  bold('S.sigmoid(S.sub(z, S.of(1)))')
  const out = join(folder, 'bold')
  const args = ['--model', model, '--data', data, '--out', out, '--steps', '1', '--batch', '4', '--backend', 'reference', '--json']
  const stopped = await halograd('align', '--halo', file, ...args)
  assert.equal(stopped.code, 1)
  assert.match(stopped.err, /bold\.ts: Bold is not a HALO:\n +v is concave on gains: refuted: .*\n.*--allow-refuted/)
  assert.ok(!existsSync(out))
  const allowed = await halograd('align', '--halo', file, ...args, '--allow-refuted')
  assert.equal(allowed.code, 0, allowed.err)
  assert.match(allowed.err, /^verdict: Bold: not a HALO$/m)
  assert.equal(JSON.parse(allowed.out).verdict, 'not a HALO')
  // Of the catalogue, a loss that is stated to be none is only told.
  const stated = await halograd('train', 'sft', ...args, '--out', join(folder, 'stated'))
  assert.match(stated.err, /^verdict: SFT: not a HALO, as it is stated to be$/m)
  const good = await halograd('align', '--halo', 'kto', ...args, '--out', join(folder, 'good'))
  assert.equal(good.code, 0, good.err)
  assert.match(good.err, /^verdict: KTO: HALO$/m)
})

test('a backend is a folder: it gets planned programs, and runs everything', async () => {
  mkdirSync(join(folder, 'abacus'))
  const file = join(folder, 'abacus', 'index.ts')
  writeFileSync(
    file,
    `/** A backend that runs plans one number at a time. */
import { plan, summarize } from '${repository}/backends/plan/index.ts'
import { interpret } from '${repository}/backends/plan/interpret.ts'
import type { Backend, Handle } from '${repository}/core/index.ts'

export default (): Backend => {
  const arrays = new Map<Handle, Float64Array>()
  const keep = (values: Float64Array): Handle => {
    const handle = { size: values.length }
    arrays.set(handle, values)
    return handle
  }
  return {
    name: 'abacus',
    upload: (data) => keep(Float64Array.from(data)),
    download: async (handle) => arrays.get(handle)!.slice(),
    free: (handle) => void arrays.delete(handle),
    live: () => arrays.size,
    compile: async (graph) => {
      const program = plan(graph)
      const run = async (inputs: readonly Handle[]) => interpret(program, inputs.map((x) => arrays.get(x)!)).map(keep)
      return { run, report: { backend: 'abacus', mode: 'one number at a time', ...summarize(program) } }
    },
  }
}
`,
  )
  const args = ['align', '--halo', 'kto', '--model', model, '--data', data, '--steps', '3', '--batch', '4', '--lr', '0.02', '--json']
  const run = async (backend: string) => {
    const { code, out, err } = await halograd(...args, '--out', join(folder, 'by-abacus'), '--backend', backend)
    assert.equal(code, 0, err)
    return { ...JSON.parse(out), err }
  }
  const [mine, theirs] = [await run(file), await run('reference')]
  assert.match(mine.err, /backend: abacus, one number at a time/)
  mine.firstLosses.forEach((loss: number, i: number) => {
    assert.ok(Math.abs(loss - theirs.firstLosses[i]) < 1e-9)
  })
})
