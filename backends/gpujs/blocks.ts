/**
 * The blocks of a kernel under construction, and the values of its registers in them. A value is computed when it is first
 * asked for, in the outermost block where all the indices it varies with are known: what does not change in a loop is
 * computed before it.
 */
import type { Instruction } from '../plan/index.ts'
import { own } from './functions.ts'
import { type AxisStrides, axesOf, bit, extent, type IndexRange, inner, type Nest, stride, variation } from './nest.ts'
import { comparison, literal, merged, neutral, primitive, sum, times, UnsupportedKernel, within } from './text.ts'

export interface Block {
  readonly around?: Block
  /** The axis whose index this block introduces. */
  readonly binds?: number
  /** Only a condition: `binds` is that of the block around it. */
  readonly condition?: boolean
  /** The index of an axis, as text; `lane` counts along the axis of which a thread computes several elements. */
  readonly index: (axis: number, lane: number) => string
  readonly lines: string[]
  readonly names: Map<string, string>
}
type Fill = (block: Block) => void

/** What modes differ in when it comes to primitives. */
export interface KernelPrimitives {
  /** sin, cos and log by our own functions. */
  readonly ownFunctions: boolean
  /** Results are rounded to float32, where the language has only float64: what is computed twice must be the same number. */
  readonly rounds: boolean
}

export interface KernelWriter {
  readonly value: (block: Block, register: number, lane: number) => string
  readonly rounded: (value: string) => string
  /** offset + Σ index·stride + indirect. */
  readonly address: (block: Block, s: AxisStrides, offset: number, lane: number, indirect?: string) => string
  /** The name of the argument for a buffer: as it was before the kernel, or as it is now. */
  readonly argument: (buffer: number, previous: boolean) => string
  readonly loop: (around: Block, axis: number, range: IndexRange, fill: Fill) => void
  readonly when: (around: Block, tests: readonly string[], fill: Fill) => void
  /** The test that the inner index exists in this row of a causal kernel. */
  readonly exists: (block: Block) => readonly string[]
  readonly reads: () => readonly { readonly buffer: number; readonly previous: boolean }[]
  /** It calls some of functions.ts. */
  readonly calls: () => boolean
}

/** A kernel as it is written. */
interface WriterState extends KernelPrimitives {
  readonly nest: Nest
  /** The axes that each register varies along. */
  readonly varies: readonly number[]
  /** The axis along which a thread computes several elements. */
  readonly spread: number | undefined
  readonly reads: { readonly buffer: number; readonly previous: boolean }[]
  /** It calls some of functions.ts. */
  calls: boolean
  /** Names given so far. */
  named: number
}

/** `spread`: the axis along which a thread computes several elements. */
export const writer = (nest: Nest, { ownFunctions, rounds }: KernelPrimitives, spread?: number): KernelWriter => {
  const w: WriterState = { nest, varies: variation(nest), spread, ownFunctions, rounds, reads: [], calls: false, named: 0 }
  return {
    value: (block, register, lane) => value(w, block, register, lane),
    rounded: (text) => rounded(w, text),
    address: (block, s, offset, lane, indirect) => address(w, block, s, offset, lane, indirect),
    argument: (buffer, previous) => argument(w, buffer, previous),
    loop: (around, axis, range, fill) => loop(w, around, axis, range, fill),
    when,
    exists: (block) => exists(w, block),
    reads: () => w.reads,
    calls: () => w.calls,
  }
}

const argument = ({ reads }: WriterState, buffer: number, previous: boolean): string => {
  const known = reads.findIndex((r) => r.buffer === buffer && r.previous === previous)
  return `a${known >= 0 ? known : reads.push({ buffer, previous }) - 1}`
}
/** A function of one argument, by its name. */
const call = (w: WriterState, name: string): string => {
  const ours = w.ownFunctions ? own[name] : undefined
  w.calls ||= ours !== undefined
  return ours ?? `Math.${name}`
}
const rounded = ({ rounds }: WriterState, text: string): string => (rounds ? `Math.fround(${text})` : text)
const address = ({ nest }: WriterState, block: Block, s: AxisStrides, offset: number, lane: number, indirect?: string): string =>
  sum([
    ...axesOf(nest).flatMap((a) => (stride(s, a) === 0 || extent(nest, a) === 1 ? [] : [times(block.index(a, lane), stride(s, a))])),
    ...(indirect === undefined ? [] : [indirect]),
    ...(offset === 0 ? [] : [`${offset}`]),
  ])

// ------------------------------------------------------------------ names

/** The outermost block in which all indices of these axes are known. */
const home = (block: Block, set: number): Block => (block.around === undefined || set & bit(block.binds!) ? block : home(block.around, set))
const known = (block: Block, key: string, set: number): string | undefined => {
  const name = block.names.get(key)
  if (name !== undefined || block.around === undefined || (set & bit(block.binds!) && !block.condition)) return name
  return known(block.around, key, set)
}
/** The name of what varies with these axes: computed where it is first asked for. */
const define = (w: WriterState, block: Block, key: string, set: number, text: (at: Block) => string): string => {
  const found = known(block, key, set)
  if (found !== undefined) return found
  const at = home(block, set)
  const made = text(at)
  const name = `v${w.named++}`
  at.lines.push(`const ${name} = ${made};`)
  at.names.set(key, name)
  return name
}

// ------------------------------------------------------------------ values

const value = (w: WriterState, block: Block, register: number, lane: number): string => {
  const x = w.nest.body[register]!
  if (x.op === 'constant') return literal(x.value)
  const set = w.varies[register]!
  const along = w.spread !== undefined && set & bit(w.spread) ? lane : 0
  const key = `${register}/${along}`
  if (x.op === 'reduce') return known(block, key, set) ?? reduction(w, home(block, set), key, x, along)
  return define(w, block, key, set, (at) => expression(w, at, x, along))
}
const expression = (w: WriterState, block: Block, x: Instruction, lane: number): string => {
  const arg = (r: number): string => value(w, block, r, lane)
  switch (x.op) {
    case 'load': {
      const s = w.nest.streams[x.stream]!
      const indirect = x.at && times(`(${arg(x.at.index)} | 0)`, x.at.stride)
      const element = `${argument(w, s.buffer, false)}[${address(w, block, s, s.offset, lane, indirect)}]`
      const tests = (x.guards ?? []).flatMap((g) => within(block.index(g.loop, lane), g, extent(w.nest, g.loop)))
      return tests.length === 0 ? element : `(${tests.join(' && ')} ? ${element} : 0)`
    }
    case 'iota':
      return block.index(x.loop, lane)
    case 'primitive':
      if (x.primitive !== 'where')
        return rounded(
          w,
          primitive(x.primitive, x.args.map(arg), (name) => call(w, name)),
        )
      return `(${condition(w, block, x.args[0]!, lane)} ? ${arg(x.args[1]!)} : ${arg(x.args[2]!)})`
    case 'random':
      w.calls = true
      return `draw(stream((${arg(x.key)} | 0), (${x.salt | 0} | 0)), ${address(w, block, x, x.offset, lane)})`
    default:
      throw new UnsupportedKernel(`gpujs: the ${x.op} of kernel '${w.nest.name}' is not a value`)
  }
}
const condition = (w: WriterState, block: Block, register: number, lane: number): string => {
  const x = w.nest.body[register]!
  if (x.op === 'primitive' && (x.primitive === 'less' || x.primitive === 'equal'))
    return comparison[x.primitive](x.args.map((r) => value(w, block, r, lane)))
  return `${value(w, block, register, lane)} !== 0`
}
const reduction = (w: WriterState, at: Block, key: string, x: Extract<Instruction, { op: 'reduce' }>, lane: number): string => {
  const name = `v${w.named++}`
  at.lines.push(`let ${name} = ${neutral[x.merge]};`)
  loop(w, at, inner, { from: 0, to: w.nest.inner.size }, (inside) =>
    when(inside, exists(w, inside), (there) => {
      const element = value(w, there, x.arg, lane)
      there.lines.push(`${name} = ${rounded(w, merged[x.merge](name, element))};`)
    }),
  )
  at.names.set(key, name)
  return name
}

// ------------------------------------------------------------------ blocks

const write = (block: Omit<Block, 'lines' | 'names'> & { readonly around: Block }, head: string, fill: Fill): void => {
  const made: Block = { ...block, lines: [], names: new Map() }
  fill(made)
  block.around.lines.push(`${head} {`, ...made.lines.map((line) => `  ${line}`), '}')
}
const loop = (w: WriterState, around: Block, axis: number, { from, to }: IndexRange, fill: Fill): void => {
  const i = `i${w.named++}`
  // gpu.js's WebAssembly mode keeps the counter as a float: `| 0` makes the arithmetic of addresses integral in every mode.
  const index: Block['index'] = (a, lane) => (a === axis ? `(${i} | 0)` : around.index(a, lane))
  write({ around, binds: axis, index }, `for (let ${i} = ${from}; ${i} < ${to}; ${i}++)`, fill)
}
const when: KernelWriter['when'] = (around, tests, fill) => {
  if (tests.length === 0) fill(around)
  else write({ around, binds: around.binds ?? inner, condition: true, index: around.index }, `if (${tests.join(' && ')})`, fill)
}
const exists = (w: WriterState, block: Block): readonly string[] => {
  const { triangle, inner: row } = w.nest
  if (triangle === undefined || triangle.block >= row.size) return []
  const limit = define(w, block, 'limit', bit(triangle.loop), (at) => {
    return `Math.floor((${at.index(triangle.loop, 0)} + 0.5) / ${triangle.block}) * ${triangle.block} + ${triangle.block}`
  })
  return [`${block.index(inner, 0)} < ${limit}`]
}
