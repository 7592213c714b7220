/** Random rows kernels, as one-kernel programs with inputs that suit them. */
import type { Instruction, Program, Stream } from '../../backends/plan/program.ts'
import { fullness } from '../../backends/plan/schedule.ts'
import type { Generator } from './random.ts'

type Buffer = Program['buffers'][number]
export interface Sample {
  readonly program: Program
  readonly inputs: readonly Float32Array[]
}

export const randomRows = ({ integer, pick, real, chance }: Generator): Sample => {
  const loops = Array.from({ length: integer(0, 3) }, (_, l) => ({ axis: `l${l}`, size: pick([1, 2, 3, 5, 8, 33, 40]) }))
  while (loops.reduce((n, l) => n * l.size, 1) > 300) loops.pop()
  const inner = { axis: 'inner', size: pick([1, 2, 3, 4, 5, 7, 8, 15, 16, 33, 64, 70, 131, 144]) }
  const sizes = [...loops.map((l) => l.size), inner.size]
  const triangle = loops.length > 0 && chance(0.2) ? { loop: integer(0, loops.length - 1), block: pick([1, 2, 4, 8, 16, 32]) } : undefined
  const buffers: Buffer[] = []
  const inputs: Float32Array[] = []
  const outputs: number[] = []
  const streams: Stream[] = []
  const body: Instruction[] = []
  const emit = (i: Instruction): number => body.push(i) - 1
  const input = (values: Float32Array): number => {
    inputs.push(values)
    return buffers.push({ size: values.length, place: { in: 'input', index: inputs.length - 1 } }) - 1
  }
  /** Strides over a random order of the axes, some of them absent, some padded, some reversed. */
  const strides = (present: (axis: number) => boolean, reversed = false) => {
    const order = sizes.map((_, axis) => axis).sort(() => (chance(0.3) ? (chance(0.5) ? 1 : -1) : 0))
    const made = sizes.map(() => 0)
    let [step, offset] = [pick([1, 1, 1, 2]), 0]
    for (const axis of [...order].reverse()) {
      if (!present(axis)) continue
      const backward = reversed && chance(0.15)
      made[axis] = backward ? -step : step
      if (backward) offset += step * (sizes[axis]! - 1)
      step *= sizes[axis]! + (chance(0.1) ? 1 : 0)
    }
    return { strides: made, size: step, offset }
  }
  const stream = (buffer: number, offset: number, s: readonly number[]): number =>
    streams.push({ buffer, offset, outer: s.slice(0, -1), inner: s.at(-1)! }) - 1
  const numbers = (length: number): Float32Array => Float32Array.from({ length }, real)

  const loaded: number[] = []
  for (let i = integer(1, 4); i > 0; i--) {
    const absent = sizes.map(() => chance(0.25))
    const walk = strides((axis) => !absent[axis], true)
    const kind = pick(['plain', 'plain', 'plain', 'guarded', 'indirect'])
    if (kind === 'guarded') {
      const axis = integer(0, sizes.length - 1)
      const from = integer(0, sizes[axis]! - 1)
      const to = integer(from, sizes[axis]!)
      // nothing outside the guard exists: the array begins at its first element and ends with its last
      const reach = walk.strides.reduce((n, s, a) => n + Math.abs(s) * (a === axis ? Math.max(0, to - from - 1) : sizes[a]! - 1), 1)
      const start = walk.strides.reduce((n, s, a) => n - Math.min(0, s) * (a === axis ? Math.max(0, to - from - 1) : sizes[a]! - 1), 0)
      const s = stream(input(numbers(reach)), start - from * walk.strides[axis]!, walk.strides)
      loaded.push(emit({ op: 'load', stream: s, guards: [{ loop: axis === sizes.length - 1 ? -1 : axis, from, to }] }))
    } else if (kind === 'indirect') {
      const table = integer(1, 6)
      const where = strides((axis) => axis < sizes.length - 1 || chance(0.2))
      const index = emit({
        op: 'load',
        stream: stream(input(Float32Array.from({ length: where.size }, () => integer(0, table - 1))), where.offset, where.strides),
      })
      const s = stream(input(numbers(walk.size * table)), walk.offset, walk.strides)
      loaded.push(emit({ op: 'load', stream: s, at: { index, stride: walk.size } }))
    } else loaded.push(emit({ op: 'load', stream: stream(input(numbers(walk.size)), walk.offset, walk.strides) }))
  }
  const values = [...loaded]
  const some = (): number => pick(values)
  const primitive = (name: Extract<Instruction, { op: 'primitive' }>['primitive'], ...args: readonly number[]): number =>
    emit({ op: 'primitive', primitive: name, args })
  const constant = (value: number): number => emit({ op: 'constant', value })
  for (let i = integer(2, 9); i > 0; i--) {
    const kind = integer(0, 9)
    if (kind < 3) values.push(primitive(pick(['add', 'sub', 'mul', 'max'] as const), some(), some()))
    else if (kind === 3) {
      const [x, mask] = [some(), primitive(pick(['less', 'equal'] as const), some(), some())]
      const either = [() => [some(), some()], () => [x, constant(0)], () => [constant(0), x], () => [x, primitive('mul', constant(-1), x)]]
      values.push(primitive('where', mask, ...pick(either)()))
    } else if (kind === 4) values.push(primitive('exp', primitive('mul', constant(0.1), some())))
    else if (kind === 5) values.push(primitive('max', some(), constant(-0.25)), primitive('less', some(), some()))
    else if (kind === 6) {
      const x = some()
      const scale = pick([1, 0.5])
      values.push(primitive('max', scale === 1 ? x : primitive('mul', constant(scale), x), primitive('mul', constant(-scale), x)))
    } else if (kind === 7) values.push(primitive('mul', constant(0.01), emit({ op: 'iota', loop: integer(-1, loops.length - 1) })))
    else if (kind === 8)
      values.push(
        emit({
          op: 'random',
          key: constant(integer(0, 1000)),
          salt: integer(0, 99),
          offset: integer(0, 9),
          outer: loops.map((_, l) => l + 3),
          inner: 1,
        }),
      )
    else {
      const reduced = emit({ op: 'reduce', merge: pick(['sum', 'max'] as const), arg: some() })
      values.push(primitive('mul', constant(0.1), reduced))
    }
  }
  for (let i = integer(1, 3); i > 0; i--) {
    const arg = some()
    const output = (size: number): number => {
      outputs.push(size)
      return buffers.push({ size, place: { in: 'output', index: outputs.length - 1 } }) - 1
    }
    /** What would meet in one element a row is reduced first. */
    const once = (merge: 'sum' | 'max', along: number, index?: number): number => {
      const full = fullness({ body, streams })
      return along !== 0 || !full[arg] || (index !== undefined && full[index]) ? arg : emit({ op: 'reduce', merge, arg })
    }
    const kind = pick(['plain', 'merge', 'scatter'])
    if (kind === 'plain') {
      const walk = strides(() => true)
      emit({ op: 'store', stream: stream(output(walk.size), walk.offset, walk.strides), arg })
    } else if (kind === 'merge') {
      const absent = sizes.map(() => chance(0.5))
      const walk = strides((axis) => !absent[axis])
      const merge = pick(['sum', 'max'] as const)
      const value = once(merge, walk.strides.at(-1)!)
      emit({ op: 'store', stream: stream(output(walk.size), walk.offset, walk.strides), arg: value, merge })
    } else {
      const absent = sizes.map(() => chance(0.5))
      const walk = strides((axis) => !absent[axis])
      const table = integer(1, 5)
      const where = strides((axis) => axis < sizes.length - 1 || chance(0.2))
      const index = emit({
        op: 'load',
        stream: stream(input(Float32Array.from({ length: where.size }, () => integer(0, table - 1))), where.offset, where.strides),
      })
      const s = stream(output(walk.size * table), walk.offset, walk.strides)
      emit({ op: 'store', stream: s, arg: once('sum', walk.strides.at(-1)!, index), merge: 'sum', at: { index, stride: walk.size } })
    }
  }
  const kernel = {
    kind: 'fused',
    name: 'random',
    loops,
    inner,
    streams,
    body,
    ...(triangle ? { triangle } : {}),
    cost: { flops: 0, bytes: 0 },
  } as const
  return {
    program: { buffers, kernels: [kernel], inputs: inputs.map((x) => x.length), outputs: outputs.map((size) => ({ size })), scratch: 0 },
    inputs,
  }
}
