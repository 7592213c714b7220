/**
 * What is printed for gpu.js computes what the program means, in every mode that is here: on random programs, and where
 * gpu.js or a GPU would go astray. Each failure names the seed that makes it.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { GpujsDevice } from '../../backends/gpujs/device.ts'
import { type Mode, probe } from '../../backends/gpujs/devices.ts'
import { host } from '../../backends/gpujs/host.ts'
import '../../backends/gpujs/index.ts' // names Dawn as the WebGPU of Node
import { lower } from '../../backends/gpujs/launch.ts'
import { webgpu } from '../../backends/gpujs/webgpu.ts'
import type { FusedKernel, Instruction, Program } from '../../backends/plan/index.ts'
import { interpret } from '../../backends/plan/interpret.ts'
import { type Case, contraction, rows } from './programs.ts'

/** Software GPUs' exp is off by up to 16 ulp. */
const tolerance = 2e-5
const cases: { readonly [M in Mode]: number } = { cpu: 400, webasm: 200, webgpu: 60 }

type Run = (program: Program, data: readonly ArrayLike<number>[], arrays?: number) => Promise<readonly Float32Array[]>
const runner =
  <T>(device: GpujsDevice<T>, mode: Mode): Run =>
  async (program, data, arrays = device.arrays) => {
    const built = await device.build(program, lower(program, mode, arrays))
    const results = await built.run(data.map((x) => device.upload(x)))
    return Promise.all(results.map((x, o) => device.download(x, program.outputs[o]!.size)))
  }

const check = async (run: Run, what: string, { program, data }: Case, arrays?: number): Promise<void> => {
  const results = await run(program, data, arrays)
  for (const [o, want] of interpret(program, data).entries()) {
    const scale = Math.max(1, ...want.map((x) => (Number.isFinite(x) ? Math.abs(x) : 0)))
    for (const [i, x] of want.entries()) {
      const got = results[o]![i]!
      // NaN: nothing writes there, so nothing may read it. No number is as small as the start of a maximum over nothing.
      const close = Math.abs(got - x) <= tolerance * scale || Number.isNaN(x) || (x === -Infinity && got < -1e38)
      assert.ok(close, `${what}: output ${o}[${i}] is ${got}, not ${x}`)
    }
  }
}

/** out[i] = f(x[i]), or what `body` makes of the loads of x along one axis. */
const along = (size: number, outputs: number, body: readonly Instruction[]): Program => ({
  buffers: [
    { size, place: { in: 'input', index: 0 } },
    { size: outputs, place: { in: 'output', index: 0 } },
  ],
  kernels: [
    {
      kind: 'fused',
      name: 'along',
      loops: [],
      inner: { axis: 'x', size },
      streams: [
        { buffer: 0, offset: 0, outer: [], inner: 1 },
        { buffer: 1, offset: 0, outer: [], inner: outputs === 1 ? 0 : 1 },
      ],
      body: [{ op: 'load', stream: 0 }, ...body],
      cost: { flops: 0, bytes: 0 },
    },
  ],
  inputs: [size],
  outputs: [{ size: outputs }],
  scratch: 0,
})

/** out[a] (⨁)= ⨁ over b and c of x[a, b, c]. */
const totals = (merge: 'sum' | 'max', keep: boolean): Case => {
  const size = 3 * 40 * 50
  const kernel: FusedKernel = {
    kind: 'fused',
    name: 'totals',
    loops: [
      { axis: 'b', size: 40 },
      { axis: 'a', size: 3 },
    ],
    inner: { axis: 'c', size: 50 },
    streams: [
      { buffer: 0, offset: 0, outer: [50, 2000], inner: 1 },
      { buffer: 2, offset: 2, outer: [0, -1], inner: 0 },
    ],
    body: [
      { op: 'load', stream: 0 },
      { op: 'store', stream: 1, arg: 0, merge, keep },
    ],
    cost: { flops: 0, bytes: 0 },
  }
  const buffers: Program['buffers'] = [
    { size, place: { in: 'input', index: 0 } },
    { size: 3, place: { in: 'input', index: 1 } },
    { size: 3, place: { in: 'output', index: 0 } },
  ]
  return {
    program: { buffers, kernels: [kernel], inputs: [size, 3], outputs: [{ size: 3, donated: 1 }], scratch: 0 },
    data: [Array.from({ length: size }, (_, i) => Math.sin(i)), [5, -1, 2]],
  }
}

/** Opened at the first test that needs it, closed when all are done. */
const open = (mode: Mode): (() => Promise<Run>) => {
  let opened: Promise<{ readonly run: Run; readonly close: () => Promise<void> }> | undefined
  const start = async () => {
    const [run, close] = mode === 'webgpu' ? await pair(webgpu(), mode) : await pair(host(mode), mode)
    return { run, close }
  }
  after(async () => (await opened)?.close())
  return async () => {
    opened ??= start()
    return (await opened).run
  }
}
const pair = async <T>(opening: Promise<GpujsDevice<T>>, mode: Mode): Promise<readonly [Run, () => Promise<void>]> => {
  const device = await opening
  return [runner(device, mode), device.close]
}

// All are known before the first test begins: while a file awaits something, Node may take the tests so far for all, and run what they do `after`.
const modes = [
  ['cpu', await probe('cpu')],
  ['webasm', await probe('webasm')],
  ['webgpu', await probe('webgpu')],
] as const
for (const [mode, here] of modes) {
  const skip = here.available ? false : here.reason
  const run = open(mode)
  test(`${mode}: ${cases[mode]} random contractions`, { skip }, async () => {
    for (let seed = 0; seed < cases[mode]; seed++) await check(await run(), `contraction ${seed}`, contraction(seed))
  })
  test(`${mode}: ${cases[mode]} random kernels of rows`, { skip }, async () => {
    for (let seed = 0; seed < cases[mode]; seed++) await check(await run(), `rows ${seed}`, rows(seed))
  })
  test(`${mode}: kernels that bind too many arrays are computed in parts`, { skip }, async () => {
    const limit = 4
    const split = Array.from({ length: 1500 }, (_, seed) => rows(seed)).filter(
      ({ program }) => lower(program, mode, limit).launches.length > lower(program, mode).launches.length,
    )
    assert.ok(split.length > 5)
    for (const one of split) {
      assert.ok(lower(one.program, mode, limit).launches.every(({ reads }) => reads.length < limit))
      await check(await run(), 'in parts', one, limit)
    }
  })
  test(`${mode}: what few threads would sum for long is summed in two stages`, { skip }, async () => {
    for (const merge of ['sum', 'max'] as const)
      for (const keep of [false, true]) {
        const one = totals(merge, keep)
        assert.equal(lower(one.program, mode).launches.length, 2)
        await check(await run(), `${merge}, ${keep ? 'kept' : 'fresh'}`, one)
      }
  })
  test(`${mode}: a loop is not cut short at 1000 turns`, { skip }, async () => {
    const n = 5003
    const program = along(n, 1, [
      { op: 'reduce', merge: 'sum', arg: 0 },
      { op: 'store', stream: 1, arg: 1 },
    ])
    const [total] = await (await run())(program, [new Float32Array(n).fill(1)])
    assert.equal(total![0], n)
  })
  test(`${mode}: sin, cos and log are as good as float32 allows`, { skip }, async () => {
    const n = 4001
    const sample = (from: number, to: number): Float32Array =>
      Float32Array.from({ length: n }, (_, i) => from + ((to - from) * i) / (n - 1))
    const words = [
      ['sin', sample(-500, 500)],
      ['cos', sample(-500, 500)],
      ['log', sample(0.4, 2.2)],
    ] as const
    for (const [primitive, x] of words) {
      const program = along(n, n, [
        { op: 'primitive', primitive, args: [0] },
        { op: 'store', stream: 1, arg: 1 },
      ])
      const [y] = await (await run())(program, [x])
      const errors = y!.map(
        (value, i) => Math.abs(value - Math[primitive](x[i]!)) / Math.max(Math.abs(Math[primitive](x[i]!)), primitive === 'log' ? 1e-3 : 1),
      )
      assert.ok(Math.max(...errors) < 4e-7, `${primitive} is off by ${Math.max(...errors)}`)
    }
  })
}
