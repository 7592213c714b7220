/**
 * The planner: a graph becomes a Program, for all backends alike. Pure.
 *
 *     expand → update → chunk → contract → settle → group → store → deliver → layout → memory → lower
 */
import { type Graph, volume } from '../../core/index.ts'
import { type Storage, storageOf } from '../../core/internal.ts'
import { ownerOf } from './access.ts'
import { chunk } from './chunk.ts'
import { recogniseContractions } from './contractions.ts'
import { costOfDotGeneral, costOfFused } from './cost.ts'
import { domains, type MatrixDimension, partsOf, type Triangle } from './domain.ts'
import { expand } from './expand.ts'
import { type DotGeneralGroup, group } from './group.ts'
import { layout } from './layout.ts'
import { type Lowering, lowerFused } from './lower.ts'
import { product } from './matrix.ts'
import { memory } from './memory.ts'
import { bindOutputs, resolveOutputs } from './outputs.ts'
import type { DotGeneral, Program } from './program.ts'
import { chooseStored } from './rematerialize.ts'
import { update } from './update.ts'
import { computed, reach, type Value } from './value.ts'

export * from './cost.ts'
export { interpret } from './interpret.ts'
export * from './program.ts'

/** What the planner may do. The defaults suit a CPU with vector instructions. */
export interface Options {
  /** What shares a kernel: whatever fits; primitives only (every reduction is stored); nothing. Default `all`. */
  readonly fuse?: 'all' | 'maps' | 'none'
  /** May kernels that read the same arrays be one? Default true. */
  readonly horizontal?: boolean
  /** What is computed again rather than kept: nothing, cheap primitives, every primitive (slower, less memory). Default `cheap`. */
  readonly recompute?: 'none' | 'cheap' | 'all'
  /** Arrays of at least so many elements are computed again if that takes no longer than writing and reading them. Default 2²⁰: more than caches hold. */
  readonly recomputeAbove?: number
  /** Are sums of contractions made in place? Default true. */
  readonly accumulate?: boolean
  /** Contractions with a smaller side become fused kernels. Default 4. */
  readonly minTile?: number
  /** Is what causal masks hide left out? Default true, in blocks of 32. */
  readonly causal?: boolean
  /** Rows of a block of what causal masks leave. Default 32. */
  readonly block?: number
  /** Causal attention of more than so many elements is computed in blocks of so many rows (not under `maps`). Default 2²², 256. */
  readonly chunkAbove?: number
  readonly chunk?: number
  /** Other softmaxes over a product, such as those over a vocabulary, are computed in blocks of rows of so many elements. Default 2²². */
  readonly chunkElements?: number
  /** Is the order of axes searched for? Default true. */
  readonly layout?: boolean
  /** The order of axes to start from. Default: as they first appear in the computation. */
  readonly axes?: readonly string[]
}

/**
 * Plan a graph: a sequence of matrix products and fused kernels over buffers, for a backend to print and run. `interpret` says what a
 * program means.
 * @throws TypeError where the graph has a leaf that is not among its inputs
 * @example
 * ```ts
 * import { plan } from 'halograd/backends/plan'
 * import type { Graph } from 'halograd/core'
 * export const kernelsOf = (graph: Graph) => plan(graph).kernels.map(({ kind, name }) => `${kind} ${name}`)
 * ```
 */
export const plan = (graph: Graph, options: Options = {}): Program => {
  const { fuse = 'all', horizontal = true, recompute = 'cheap', accumulate = true, minTile = 4 } = options
  const storage = graph.inputs.map(storageOf)
  const narrow = (x: Value): boolean => isNarrow(x, storage)
  const expanded = expand(graph, narrow)
  // Backends that want maps alone (gpu.js) cannot write to a part of an array.
  const whole = fuse === 'maps'
  const updated = whole ? expanded : update(graph, expanded)
  const chunked = whole
    ? expanded
    : chunk(updated, { rows: options.chunk ?? 256, above: options.chunkAbove ?? 2 ** 22, elements: options.chunkElements ?? 2 ** 22 })
  const { outputs, contractions, build } = recogniseContractions(chunked, { accumulate, minTile, narrow })
  const settled = resolveOutputs(graph, outputs, build)
  const wanted = settled.filter((x) => x !== undefined)
  const values = reach(wanted)
  const rank = ranking(values, options.axes)
  const grouping = group(values, wanted, contractions, { fuse, horizontal })
  const { storageAlias, adds } = grouping
  const owner = (x: Value): Value => ownerOf(x, storageAlias)
  const { kernels, results, orders } = bindOutputs(
    graph,
    settled,
    chooseStored(grouping, { recompute, draw: !whole, above: options.recomputeAbove ?? 2 ** 20 }),
    owner,
    build,
  )
  const inputs = values.flatMap((x) => (x.op.tag === 'input' ? [[x, x.axes] as const] : []))
  const { access } = layout(kernels, storageAlias, new Map([...inputs, ...orders]), rank, { layout: options.layout ?? true })
  const { buffers, bufferOf, scratch } = memory(kernels, results, owner, storage)
  const lowering = { access, bufferOf, adds, storageOf: (x: Value) => (x.op.tag === 'input' ? storage[x.op.index] : undefined) }
  const { causal = true, block = 32 } = options
  const vanish = causal ? domains(values, kernels, new Set(results.values()), owner, access, block) : undefined
  return {
    buffers,
    kernels: kernels.map((k) => {
      if (k.kind === 'dotGeneral') return lowerDotGeneral(k, lowering, vanish?.contractions.get(k), block)
      const rows = lowerFused(k, lowering, vanish?.rows.get(k), block)
      return { ...rows, cost: costOfFused(rows) }
    }),
    inputs: graph.inputs.map((x) => volume(x.shape)),
    storage,
    outputs: graph.outputs.map((x, o) => {
      const donated = graph.donated.get(o)
      return { size: volume(x.shape), ...(donated === undefined ? {} : { donated }) }
    }),
    scratch,
  }
}

const lowerDotGeneral = (k: DotGeneralGroup, { access, bufferOf }: Lowering, triangle: Triangle | undefined, block: number): DotGeneral => {
  const { m, n, k: depth, left, right, a, b, c, loops } = product(k, access, triangle)
  const size = { m: m.size, n: n.size, k: depth.size }
  const sides = { m, n, k: depth } as const
  const sideOf = (axis: string): MatrixDimension => (['m', 'n', 'k'] as const).find((side) => sides[side].axes[0] === axis) ?? 'm'
  const made = {
    kind: 'dotGeneral',
    name: `${m.axes.join('·')} × ${n.axes.join('·')} over ${depth.axes.join('·')}`,
    m: m.size,
    n: n.size,
    k: depth.size,
    a: { buffer: bufferOf(access(left).owner), ...a },
    b: { buffer: bufferOf(access(right).owner), ...b },
    c: { buffer: bufferOf(access(k.into).owner), ...c },
    loops,
    parts:
      triangle === undefined ? [{ m0: 0, n0: 0, k0: 0, ...size }] : partsOf(size, sideOf(triangle.row), sideOf(triangle.column), block),
    accumulate: k.accumulate,
  } as const
  return { ...made, cost: costOfDotGeneral(made) }
}

/** An input that is kept narrow, or a view of one. */
const isNarrow = ({ op, from }: Value, storage: readonly (Storage | undefined)[]): boolean =>
  op.tag === 'input' ? storage[op.index] !== undefined : op.tag === 'view' && isNarrow(from[0]!, storage)

/** Axes in the order in which they first appear in what is computed: the forward pass comes first. */
const ranking = (values: readonly Value[], given: readonly string[] = []): ((axis: string) => number) => {
  const ranks = new Map<string, number>()
  const see = (axis: string): void => void (ranks.has(axis) || ranks.set(axis, ranks.size))
  given.forEach(see)
  for (const x of values) if (computed(x)) x.axes.forEach(see)
  for (const x of values) x.axes.forEach(see)
  return (axis) => ranks.get(axis)!
}
