/** Speed is the default; `--exact` asks for the bits that are equal on every machine. How a run descends is an option, under TRL's names. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import type { TrainingCommandOptions } from '../../app/inputs/training-options.ts'
import { optimizationOf } from '../../app/run/optimization.ts'
import { findBlas, wasm } from '../../backends/wasm/index.ts'
import { compile, dot, fill, read, rename, type Tensor, tensor } from '../../core/index.ts'
import { constant } from '../../core/internal.ts'
import { constantWithWarmup } from '../../models/index.ts'
import { backend as reference } from '../models/tiny.ts'
import { halograd, jsonLines, judged, temporary, tinyModel } from './fixture.ts'

const folder = temporary()
const model = await tinyModel(join(folder, 'model'))
const data = jsonLines(join(folder, 'judged.jsonl'), judged)
const align = (out: string, ...more: readonly string[]) =>
  halograd('align', '--halo', 'kto', '--model', model, '--data', data, '--batch', '4', '--steps', '3', '--out', join(folder, out), ...more)
const hash = (out: string): string =>
  createHash('sha256')
    .update(readFileSync(join(folder, out, 'model.safetensors')))
    .digest('hex')

test('--exact: the same bits on any number of threads; another learning rate, other bits', async () => {
  for (const [out, ...more] of [
    ['one', '--threads', '1'],
    ['two', '--threads', '2'],
    ['other', '--lr', '0.001'],
  ] as const) {
    const { code, err } = await align(out, '--exact', ...more)
    assert.equal(code, 0, err)
    assert.doesNotMatch(err, /blas|fused/i)
  }
  assert.equal(hash('one'), hash('two'))
  assert.notEqual(hash('one'), hash('other'))
})

test('--exact is refused beside what has other bits on other machines', async () => {
  for (const more of [
    ['--blas', 'auto'],
    ['--mode', 'fast'],
  ]) {
    const { code, err } = await align('refused', '--exact', ...more)
    assert.notEqual(code, 0)
    assert.match(err, new RegExp(`--exact.*${more.join(' ')}`))
  }
})

test('without it, what is faster is taken, and told', async () => {
  const { code, err } = await align('fast')
  assert.equal(code, 0, err)
  if ((await findBlas()) !== undefined) assert.match(err, /backend: wasm, .*(blas|mkl|blis|Accelerate).*--exact/i)
  assert.match(err, /learning rate 0\.0001 \(the default for all [\d,]+ weights; --lr\), linear, 0 steps of warm-up/)
})

test('a product of a BLAS has the same bits whoever takes part in it', async (t) => {
  if ((await findBlas()) === undefined) return t.skip('no BLAS is found here')
  const backend = await wasm({ threads: 2, blas: 'auto' })
  const values = Float32Array.from({ length: 130 * 97 }, (_, i) => Math.sin(i))
  const product = compile(backend, (x: Tensor<'m' | 'k'>) => dot(x, rename(x, 'm', 'n'), 'k'))
  const seen = new Set<string>()
  for (let i = 0; i < 200; i++) {
    const made = await read(backend, await product(tensor({ m: 130, k: 97 }, values)))
    seen.add(createHash('sha256').update(new Uint8Array(made.buffer)).digest('hex'))
  }
  await backend.close?.()
  assert.equal(seen.size, 1)
})

test('the default learning rate goes by what is trained', () => {
  const options: Partial<TrainingCommandOptions> = {}
  const rate = (weights: number, more: Partial<TrainingCommandOptions> = {}): number =>
    optimizationOf({ ...options, ...more } as TrainingCommandOptions, { w: fill({ i: weights }, 0) }, 100, 1e-4).rate // reads these options only
  assert.deepEqual([rate(1e4), rate(3e5), rate(1e9)], [1e-4, 1e-4, 1e-6])
  assert.equal(rate(1e9, { lora: 8 }), 2e-4)
  assert.equal(rate(1e9, { lora: 8, lr: 0.5 }), 0.5)
})

test('constant with warm-up rises to the rate and stays there', async () => {
  const schedule = constantWithWarmup({ rate: 2, warmup: 4, steps: 10 })
  const at = async (step: number) => (await read(reference, schedule(constant(step))))[0]
  assert.deepEqual(await Promise.all([0, 1, 3, 4, 9].map(at)), [0.5, 1, 2, 2, 2])
})
