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

/** `spread`: the axis along which a thread computes several elements. */
export const writer = (nest: Nest, { ownFunctions, rounds }: KernelPrimitives, spread?: number): KernelWriter => {
  const { streams, body, triangle } = nest
  const varies = variation(nest)
  const reads: { buffer: number; previous: boolean }[] = []
  let calls = false
  let named = 0

  const argument = (buffer: number, previous: boolean): string => {
    const known = reads.findIndex((r) => r.buffer === buffer && r.previous === previous)
    return `a${known >= 0 ? known : reads.push({ buffer, previous }) - 1}`
  }
  const call = (name: string): string => {
    const ours = ownFunctions ? own[name] : undefined
    calls ||= ours !== undefined
    return ours ?? `Math.${name}`
  }
  const rounded = (value: string): string => (rounds ? `Math.fround(${value})` : value)
  const address: KernelWriter['address'] = (block, s, offset, lane, indirect) =>
    sum([
      ...axesOf(nest).flatMap((a) => (stride(s, a) === 0 || extent(nest, a) === 1 ? [] : [times(block.index(a, lane), stride(s, a))])),
      ...(indirect === undefined ? [] : [indirect]),
      ...(offset === 0 ? [] : [`${offset}`]),
    ])

  const home = (block: Block, set: number): Block =>
    block.around === undefined || set & bit(block.binds!) ? block : home(block.around, set)
  const known = (block: Block, key: string, set: number): string | undefined => {
    const name = block.names.get(key)
    if (name !== undefined || block.around === undefined || (set & bit(block.binds!) && !block.condition)) return name
    return known(block.around, key, set)
  }
  const define = (block: Block, key: string, set: number, text: (at: Block) => string): string => {
    const found = known(block, key, set)
    if (found !== undefined) return found
    const at = home(block, set)
    const value = text(at)
    const name = `v${named++}`
    at.lines.push(`const ${name} = ${value};`)
    at.names.set(key, name)
    return name
  }

  const value: KernelWriter['value'] = (block, register, lane) => {
    const x = body[register]!
    if (x.op === 'constant') return literal(x.value)
    const set = varies[register]!
    const along = spread !== undefined && set & bit(spread) ? lane : 0
    const key = `${register}/${along}`
    if (x.op === 'reduce') return known(block, key, set) ?? reduction(home(block, set), key, x, along)
    return define(block, key, set, (at) => expression(at, x, along))
  }
  const expression = (block: Block, x: Instruction, lane: number): string => {
    const arg = (r: number): string => value(block, r, lane)
    switch (x.op) {
      case 'load': {
        const s = streams[x.stream]!
        const indirect = x.at && times(`(${arg(x.at.index)} | 0)`, x.at.stride)
        const element = `${argument(s.buffer, false)}[${address(block, s, s.offset, lane, indirect)}]`
        const tests = (x.guards ?? []).flatMap((g) => within(block.index(g.loop, lane), g, extent(nest, g.loop)))
        return tests.length === 0 ? element : `(${tests.join(' && ')} ? ${element} : 0)`
      }
      case 'iota':
        return block.index(x.loop, lane)
      case 'primitive':
        if (x.primitive !== 'where') return rounded(primitive(x.primitive, x.args.map(arg), call))
        return `(${condition(block, x.args[0]!, lane)} ? ${arg(x.args[1]!)} : ${arg(x.args[2]!)})`
      case 'random':
        calls = true
        return `draw(stream((${arg(x.key)} | 0), (${x.salt | 0} | 0)), ${address(block, x, x.offset, lane)})`
      default:
        throw new UnsupportedKernel(`gpujs: the ${x.op} of kernel '${nest.name}' is not a value`)
    }
  }
  const condition = (block: Block, register: number, lane: number): string => {
    const x = body[register]!
    if (x.op === 'primitive' && (x.primitive === 'less' || x.primitive === 'equal'))
      return comparison[x.primitive](x.args.map((r) => value(block, r, lane)))
    return `${value(block, register, lane)} !== 0`
  }
  const reduction = (at: Block, key: string, x: Extract<Instruction, { op: 'reduce' }>, lane: number): string => {
    const name = `v${named++}`
    at.lines.push(`let ${name} = ${neutral[x.merge]};`)
    loop(at, inner, { from: 0, to: nest.inner.size }, (inside) =>
      when(inside, exists(inside), (there) => {
        const element = value(there, x.arg, lane)
        there.lines.push(`${name} = ${rounded(merged[x.merge](name, element))};`)
      }),
    )
    at.names.set(key, name)
    return name
  }

  const write = (block: Omit<Block, 'lines' | 'names'> & { readonly around: Block }, head: string, fill: Fill): void => {
    const made: Block = { ...block, lines: [], names: new Map() }
    fill(made)
    block.around.lines.push(`${head} {`, ...made.lines.map((line) => `  ${line}`), '}')
  }
  const loop: KernelWriter['loop'] = (around, axis, { from, to }, fill) => {
    const i = `i${named++}`
    // gpu.js's WebAssembly mode keeps the counter as a float: `| 0` makes the arithmetic of addresses integral in every mode.
    const index: Block['index'] = (a, lane) => (a === axis ? `(${i} | 0)` : around.index(a, lane))
    write({ around, binds: axis, index }, `for (let ${i} = ${from}; ${i} < ${to}; ${i}++)`, fill)
  }
  const when: KernelWriter['when'] = (around, tests, fill) => {
    if (tests.length === 0) fill(around)
    else write({ around, binds: around.binds ?? inner, condition: true, index: around.index }, `if (${tests.join(' && ')})`, fill)
  }
  const exists: KernelWriter['exists'] = (block) => {
    if (triangle === undefined || triangle.block >= nest.inner.size) return []
    const limit = define(block, 'limit', bit(triangle.loop), (at) => {
      return `Math.floor((${at.index(triangle.loop, 0)} + 0.5) / ${triangle.block}) * ${triangle.block} + ${triangle.block}`
    })
    return [`${block.index(inner, 0)} < ${limit}`]
  }
  return { value, rounded, address, argument, loop, when, exists, reads: () => reads, calls: () => calls }
}
