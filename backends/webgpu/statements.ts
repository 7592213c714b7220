/**
 * The instructions of a fused kernel as statements of WGSL, at one place of its space: loads with guards and data-dependent indices,
 * primitives, random numbers, stores.
 */
import type { FusedKernel, Instruction } from '../plan/index.ts'
import { type Axis, innerAxis, type StoreInstruction, sizeOf, strideOf, type ThreadGrid } from './grid.ts'
import { address, comparison, literal, merged, primitive } from './text.ts'

type LoadInstruction = Extract<Instruction, { op: 'load' }>
type RandomInstruction = Extract<Instruction, { op: 'random' }>

/** A kernel being printed. */
export interface Writer {
  readonly kernel: FusedKernel
  readonly grid: ThreadGrid
  /** The memory of each stream, and of arrays of chunks (by the register of the store). */
  readonly memory: (stream: number) => string
  readonly words: boolean
  /** Arguments: where a stream begins; where the partial results of a store begin. */
  readonly partialOf: (
    register: number,
  ) => { readonly argument: number; readonly memory: string; readonly size: number; readonly offset: number } | undefined
}

export const index = (axis: Axis): string => (axis === innerAxis ? 'j' : `i${axis}`)
const isMask = (i: Instruction): boolean => i.op === 'primitive' && comparison[i.primitive] !== undefined
/** A register as a number. */
export const number = ({ kernel: { body } }: Writer, r: number): string => (isMask(body[r]!) ? `select(0f, 1f, r${r})` : `r${r}`)
const mask = ({ kernel: { body } }: Writer, r: number): string => (isMask(body[r]!) ? `r${r}` : `(r${r} != 0f)`)
/** A register from a number that was kept. */
export const restored = ({ kernel: { body } }: Writer, r: number, text: string): string => (isMask(body[r]!) ? `${text} != 0f` : text)

const read = ({ words }: Writer, memory: string, at: string): string => (words ? `bitcast<f32>(${memory}[${at}])` : `${memory}[${at}]`)
export const written = ({ words }: Writer, memory: string, at: string, value: string): string =>
  `${memory}[${at}] = ${words ? `bitcast<u32>(${value})` : value};`

const terms = ({ kernel }: Writer, stream: number): readonly (readonly [string, number])[] =>
  [...kernel.loops.keys(), innerAxis].flatMap((axis) =>
    sizeOf(kernel, axis) === 1 ? [] : [[index(axis), strideOf(kernel, stream, axis)] as const],
  )
const indirect = (w: Writer, { at }: LoadInstruction | StoreInstruction): readonly (readonly [string, number])[] =>
  at === undefined ? [] : [[`i32(${number(w, at.index)})`, at.stride]]
/** Where a stream is at the present indices. */
export const place = (w: Writer, i: LoadInstruction | StoreInstruction | { readonly stream: number; readonly at?: undefined }): string =>
  address(`p${i.stream}`, [...terms(w, i.stream), ...(i.at === undefined ? [] : indirect(w, i))])

/** What a stream holds there, widened. */
export const loaded = (w: Writer, stream: number, at: string): string => {
  const memory = w.memory(stream)
  const { storage } = w.kernel.streams[stream]!
  if (storage === 'bf16') return `bitcast<f32>((${memory}[(${at}) >> 1u] >> (u32((${at}) & 1) * 16u)) << 16u)`
  if (storage === 'i8') return `f32(extractBits(bitcast<i32>(${memory}[(${at}) >> 2u]), u32((${at}) & 3) * 8u, 8u))`
  return read(w, memory, at)
}

const loading = (w: Writer, i: LoadInstruction, r: number): readonly string[] => {
  const { kernel } = w
  const tests = (i.guards ?? []).flatMap(({ loop, from, to }) => [
    ...(from > 0 ? [`${index(loop)} >= ${from}`] : []),
    ...(to < sizeOf(kernel, loop) ? [`${index(loop)} < ${to}`] : []),
  ])
  const value = loaded(w, i.stream, place(w, i))
  return tests.length === 0 ? [`let r${r} = ${value};`] : [`var r${r} = 0f;`, `if (${tests.join(' && ')}) { r${r} = ${value}; }`]
}

const drawn = (w: Writer, i: RandomInstruction): string => {
  const { kernel } = w
  const steps = [...kernel.loops.keys(), innerAxis].map((axis) => [index(axis), axis === innerAxis ? i.inner : i.outer[axis]!] as const)
  const moving = steps.filter(([, stride]) => stride !== 0)
  return `draw(stream(${number(w, i.key)}, ${i.salt >>> 0}u), ${address(`${i.offset | 0}`, moving)})`
}

/** An instruction that is no store and no reduction: the statements that declare its register. */
export const computed = (w: Writer, r: number): readonly string[] => {
  const i = w.kernel.body[r]!
  switch (i.op) {
    case 'load':
      return loading(w, i, r)
    case 'constant':
      return [`let r${r} = ${literal(i.value)};`]
    case 'iota':
      return [`let r${r} = f32(${index(i.loop)});`]
    case 'primitive': {
      const [a, b, c] = i.args as readonly [number, number, number] // as many as the primitive takes
      if (i.primitive === 'where') return [`let r${r} = select(${number(w, c)}, ${number(w, b)}, ${mask(w, a)});`]
      return [
        `let r${r} = ${primitive(
          i.primitive,
          i.args.map((arg) => number(w, arg)),
        )};`,
      ]
    }
    case 'random':
      return [`let r${r} = ${drawn(w, i)};`]
    default:
      return []
  }
}

/** The iteration in which a merging store meets an element for the first time; '' where each is the first. */
const first = ({ kernel, grid }: Writer, stream: number): string =>
  grid.serial
    .filter((axis) => strideOf(kernel, stream, axis) === 0)
    .map((axis) => (axis === grid.chunks?.axis ? 'turn == 0' : `${index(axis)} == 0`))
    .join(' && ')

/** Where a store goes: to its stream, or to an array of its chunk. */
const target = (w: Writer, i: StoreInstruction, r: number): { readonly memory: string; readonly at: string } => {
  const partial = w.partialOf(r)
  if (partial === undefined) return { memory: w.memory(i.stream), at: place(w, i) }
  const base = `p${partial.argument} + chunk * ${partial.size}${partial.offset === 0 ? '' : ` + ${partial.offset}`}`
  return { memory: partial.memory, at: address(base, terms(w, i.stream)) }
}

/** Is it the first to meet its elements, in its array or in that of its chunk? */
const starts = ({ grid }: Writer, r: number): boolean => grid.covering.has(r) || grid.partial.has(r)

/** `conditions`: beside those that the store has itself. `total`: the merged value of all iterations, where the thread has it. */
export const storing = (w: Writer, i: StoreInstruction, r: number, conditions: readonly string[], total?: string): readonly string[] => {
  const { kernel, grid } = w
  const { memory, at } = target(w, i, r)
  const value = total ?? number(w, i.arg)
  const lines = [`let at${r} = ${at};`]
  if (i.merge === undefined) lines.push(written(w, memory, `at${r}`, value))
  else {
    const both = merged[i.merge](read(w, memory, `at${r}`), value)
    const opening = !starts(w, r) ? undefined : total === undefined ? first(w, i.stream) : ''
    if (opening === '') lines.push(written(w, memory, `at${r}`, value))
    else if (opening === undefined) lines.push(written(w, memory, `at${r}`, both))
    else lines.push(`var s${r} = ${value};`, `if (!(${opening})) { s${r} = ${both}; }`, written(w, memory, `at${r}`, `s${r}`))
  }
  const once = (grid.once.get(r) ?? []).map((axis) => (axis === innerAxis ? 'j == 0' : `${index(axis)} == ${sizeOf(kernel, axis) - 1}`))
  const tests = [...conditions, ...once]
  return tests.length === 0 ? ['{', ...lines, '}'] : [`if (${tests.join(' && ')}) {`, ...lines, '}']
}
