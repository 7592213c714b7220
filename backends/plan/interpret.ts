/**
 * What a Program means: every kernel, one number at a time, in double precision, with every access checked.
 * Scratch starts as NaN, so a plan that reads what nobody wrote is found out. The oracle for planners and for printers.
 */
import { numbers } from '../../core/index.ts'
import { applyPrimitive, type Merge, neutral, uniform } from '../../core/internal.ts'
import type { DotGeneral, FusedKernel, Indirect, Program, Stream } from './program.ts'
import { fullness } from './schedule.ts'

/**
 * Run a program in double precision and return its outputs, each in the order of its shape: what a program means, to which the kernels of
 * a backend can be compared. `inputs`: the numbers of each input, in the order of the graph. Slow.
 * @throws RangeError where a kernel touches an element that its buffer does not have
 * @example
 * ```ts
 * import { interpret, plan } from 'halograd/backends/plan'
 * import { type AnyTensor, mul, type Tensor } from 'halograd/core'
 * const x = { id: 1, op: { tag: 'input', name: 'x' }, from: [], shape: { i: 2 } } as const satisfies AnyTensor
 * const program = plan({ inputs: [x], outputs: [mul(x as Tensor<'i'>, 3)], donated: new Map() })
 * console.log(interpret(program, [[1, 2]])) // [Float64Array [3, 6]]
 * ```
 */
export const interpret = (program: Program, inputs: readonly ArrayLike<number>[]): readonly Float64Array[] => {
  const given = inputs.map((values) => Float64Array.from(values))
  const outputs = program.outputs.map(({ size, donated }) => (donated === undefined ? new Float64Array(size).fill(NaN) : given[donated]!))
  const scratch = new Float64Array(program.scratch).fill(NaN)
  const arrays = program.buffers.map(({ size, place }) => {
    if (place.in === 'scratch') return scratch.subarray(place.offset, place.offset + size)
    return (place.in === 'input' ? given : outputs)[place.index]!
  })
  for (const kernel of program.kernels) kernel.kind === 'dotGeneral' ? contract(kernel, arrays) : rows(kernel, arrays)
  return outputs
}

type Arrays = readonly Float64Array[]
const within = (arrays: Arrays, buffer: number, index: number, kernel: string): number => {
  const { length } = arrays[buffer]!
  if (!(Number.isInteger(index) && index >= 0 && index < length))
    throw new RangeError(`kernel '${kernel}' touches element ${index} of buffer ${buffer}, which has ${length}`)
  return index
}
const join = (merge: Exclude<Merge, 'logSumExp'>, x: number, y: number): number => (merge === 'sum' ? x + y : Math.max(x, y))

const contract = ({ a, b, c, loops, parts, accumulate, name }: DotGeneral, arrays: Arrays): void => {
  const product = (part: DotGeneral['parts'][number], ao: number, bo: number, co: number, clear: boolean): void => {
    for (let i = part.m0; i < part.m0 + part.m; i++)
      for (let j = part.n0; j < part.n0 + part.n; j++) {
        const to = within(arrays, c.buffer, co + i * c.row + j * c.column, name)
        if (clear) arrays[c.buffer]![to] = 0
        else
          for (let k = part.k0; k < part.k0 + part.k; k++) {
            const left = arrays[a.buffer]![within(arrays, a.buffer, ao + i * a.row + k * a.column, name)]!
            arrays[c.buffer]![to]! += left * arrays[b.buffer]![within(arrays, b.buffer, bo + k * b.row + j * b.column, name)]!
          }
      }
  }
  const nest = (level: number, ao: number, bo: number, co: number, clear: boolean): void => {
    const loop = loops[level]
    if (loop === undefined) for (const part of parts) product(part, ao, bo, co, clear)
    else for (let i = 0; i < loop.size; i++) nest(level + 1, ao + i * loop.a, bo + i * loop.b, co + i * loop.c, clear)
  }
  if (!accumulate) nest(0, a.offset, b.offset, c.offset, true)
  nest(0, a.offset, b.offset, c.offset, false)
}

const rows = (kernel: FusedKernel, arrays: Arrays): void => {
  const { loops, inner, streams, body, triangle, name } = kernel
  const full = fullness(kernel)
  for (const i of body)
    if (i.op === 'store' && i.merge !== undefined && i.keep !== true) arrays[streams[i.stream]!.buffer]!.fill(neutral[i.merge])

  const row = (index: readonly number[]): void => {
    const length = triangle ? Math.min(inner.size, Math.ceil((index[triangle.loop]! + 1) / triangle.block) * triangle.block) : inner.size
    const along = (strides: readonly number[], step: number, j: number): number => strides.reduce((s, t, l) => s + t * index[l]!, j * step)
    const registers: Float64Array[] = []
    const at = (register: number, j: number): number => registers[register]![full[register] ? j : 0]!
    const element = ({ buffer, offset, outer, inner: step }: Stream, j: number, indirect?: Indirect): number =>
      within(arrays, buffer, offset + along(outer, step, j) + (indirect ? indirect.stride * at(indirect.index, j) : 0), name)
    body.forEach((i, register) => {
      const each = (value: (j: number) => number): void => {
        registers[register] = Float64Array.from({ length: full[register] ? length : 1 }, (_, j) => value(j))
      }
      if (i.op === 'constant') each(() => i.value)
      else if (i.op === 'iota') each((j) => (i.loop < 0 ? j : index[i.loop]!))
      else if (i.op === 'primitive')
        each((j) =>
          applyPrimitive(
            numbers,
            i.primitive,
            i.args.map((arg) => at(arg, j)),
          ),
        )
      else if (i.op === 'random') each((j) => uniform(at(i.key, j), i.salt, i.offset + along(i.outer, i.inner, j)))
      else if (i.op === 'reduce')
        each(() => Array.from({ length }, (_, j) => at(i.arg, j)).reduce((x, y) => join(i.merge, x, y), neutral[i.merge]))
      else if (i.op === 'load')
        each((j) => {
          const open = (i.guards ?? []).every(
            ({ loop, from, to }) => (loop < 0 ? j : index[loop]!) >= from && (loop < 0 ? j : index[loop]!) < to,
          )
          return open ? arrays[streams[i.stream]!.buffer]![element(streams[i.stream]!, j, i.at)]! : 0
        })
      else
        for (let j = 0; j < (full[register] ? length : 1); j++) {
          const stream = streams[i.stream]!
          const to = element(stream, j, i.at)
          const array = arrays[stream.buffer]!
          array[to] = i.merge === undefined ? at(i.arg, j) : join(i.merge, array[to]!, at(i.arg, j))
        }
    })
  }
  const nest = (index: readonly number[]): void => {
    const loop = loops[index.length]
    if (loop === undefined) row(index)
    else for (let i = 0; i < loop.size; i++) nest([...index, i])
  }
  nest([])
}
