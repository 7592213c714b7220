/**
 * What is printed as WGSL computes what the program means: on random kernels, over memory full of NaN, printed as for a card and as for a
 * CPU that plays one. Each failure names the seed that makes it.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type DotGeneral, interpret, type Program } from '../../backends/plan/index.ts'
import { download, free, upload } from '../../backends/webgpu/arrays.ts'
import type { GpuMachine } from '../../backends/webgpu/device.ts'
import { type Style, styles } from '../../backends/webgpu/grid.ts'
import { load } from '../../backends/webgpu/load.ts'
import { contraction, rows } from '../gpujs/programs.ts'
import { randomRows } from '../wasm/kernels.ts'
import { generator } from '../wasm/random.ts'
import { noAdapter, opened, poison } from './opened.ts'

const count = Number(process.env.FUZZ ?? 8)
const start = Number(process.env.SEED ?? 0)
const tolerance = 4e-5

interface Sample {
  readonly program: Program
  readonly data: readonly ArrayLike<number>[]
}
let machine: Promise<GpuMachine> | undefined
const shared = (): Promise<GpuMachine> => {
  machine ??= opened()
  return machine
}
after(async () => (await machine)?.device.destroy())

const check = async (what: string, { program, data }: Sample, style: Style): Promise<string | undefined> => {
  const m = await shared()
  const { run } = await load(m, program, style)
  poison(m)
  const given = data.map((x) => upload(m, x))
  const results = await run(given)
  const flaws: string[] = []
  for (const [o, want] of interpret(program, data).entries()) {
    const got = await download(m, results[o]!)
    const scale = want.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 1)
    for (const [i, x] of want.entries()) {
      // NaN: nothing writes there, so nothing may read it.
      const close = Number.isNaN(x) || x === got[i] || Math.abs(got[i]! - x) <= tolerance * scale
      if (!close) flaws.push(`${what}: output ${o}[${i}] is ${got[i]}, not ${x}`)
    }
  }
  for (const array of [...given, ...results]) free(m, array)
  return flaws[0]
}

const kinds: { readonly [name: string]: (seed: number) => Sample } = {
  contractions: contraction,
  'kernels of rows': rows,
  'kernels of longer rows': (seed) => {
    const { program, inputs } = randomRows(generator(seed))
    return { program, data: inputs }
  },
}
for (const [name, style] of Object.entries(styles))
  for (const [kind, sample] of Object.entries(kinds))
    test(`${name}: ${count} random ${kind}`, { skip: noAdapter }, async () => {
      const flaws: string[] = []
      for (let seed = start; seed < start + count; seed++) {
        const flaw = await check(`seed ${seed}`, sample(seed), style).catch((error: Error) => `seed ${seed}: ${error.message}`)
        if (flaw !== undefined) flaws.push(flaw)
      }
      assert.deepEqual(flaws.slice(0, 10), [], `${flaws.length} of ${count}`)
    })

test('control: a kernel that computes something else, or reads what nobody wrote, is found out', { skip: noAdapter }, async () => {
  const { program, data } = contraction(1)
  const broken = (change: (k: DotGeneral) => DotGeneral): Program => ({
    ...program,
    kernels: program.kernels.map((k) => (k.kind === 'dotGeneral' ? change(k) : k)),
  })
  const m = await shared()
  const { run } = await load(
    m,
    broken((k) => ({ ...k, k: k.k - 1, parts: k.parts.map((part) => ({ ...part, k: part.k - 1 })) })),
    styles.card!,
  )
  const outputs = await run(data.map((x) => upload(m, x)))
  const got = await download(m, outputs[0]!)
  const want = interpret(program, data)[0]!
  assert.ok(want.some((x, i) => Math.abs(x - got[i]!) > 1e-3))
  poison(m)
  assert.ok((await download(m, outputs[0]!)).every(Number.isNaN))
})
