/**
 * What is printed for gpu.js computes what the program means, in every mode that is here, on random programs.
 * Each failure names the seed that makes it.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Device } from '../../backends/gpujs/device.ts'
import { type Mode, modes, probe } from '../../backends/gpujs/devices.ts'
import { host } from '../../backends/gpujs/host.ts'
import { lower } from '../../backends/gpujs/launch.ts'
import { webgpu } from '../../backends/gpujs/webgpu.ts'
import { interpret } from '../../backends/plan/interpret.ts'
import { type Case, contraction, rows } from './programs.ts'

/** Software GPUs' exp is off by up to 16 ulp. */
const tolerance = 2e-5
const cases: { readonly [M in Mode]: number } = { cpu: 400, webasm: 200, webgpu: 60 }

const check = async <T>(device: Device<T>, mode: Mode, what: string, { program, data }: Case): Promise<void> => {
  const expected = interpret(program, data)
  const built = await device.build(program, lower(program, mode))
  const results = await built.run(data.map((x) => device.upload(x)))
  for (const [o, want] of expected.entries()) {
    const got = await device.download(results[o]!, want.length)
    const scale = Math.max(1, ...want.map((x) => (Number.isFinite(x) ? Math.abs(x) : 0)))
    for (const [i, x] of want.entries()) {
      // NaN: nothing writes there, so nothing may read it. No number is as small as the start of a maximum over nothing.
      const close = Math.abs(got[i]! - x) <= tolerance * scale || Number.isNaN(x) || (x === -Infinity && got[i]! < -1e38)
      assert.ok(close, `${mode}, ${what}: output ${o}[${i}] is ${got[i]}, not ${x}`)
    }
  }
}

for (const mode of modes) {
  const here = await probe(mode)
  const skip = here.available ? false : here.reason
  const device = mode === 'webgpu' ? undefined : host(mode)
  const each = async (what: string, make: (seed: number) => Case): Promise<void> => {
    for (let seed = 0; seed < cases[mode]; seed++) {
      const name = `${what} ${seed}`
      if (device === undefined) await check(await graphics(), mode, name, make(seed))
      else await check(await device, mode, name, make(seed))
    }
  }
  test(`${mode}: ${cases[mode]} random contractions`, { skip }, () => each('contraction', contraction))
  test(`${mode}: ${cases[mode]} random kernels of rows`, { skip }, () => each('rows', rows))
  if (device !== undefined) after(async () => (await device).close())
}
let opened: ReturnType<typeof webgpu> | undefined
const graphics = (): ReturnType<typeof webgpu> => {
  opened ??= webgpu()
  return opened
}
after(async () => (await opened)?.close())
