/**
 * What becomes a matrix product, and what is added into memory in place.
 *
 *     Σₖ x[…m k…] · y[…k n…]   with M, N, K ≥ minTile;   most of what is smaller is cheaper as a rows kernel
 *     x + Σ contractions   →   one buffer that starts as x (bias, residual, the gradients of shared values)
 */
import { type Builder, builder, computed, type Expressions, has, readersOf, sameAxes, sizeOver, type Value } from './value.ts'

export interface ContractionOptions {
  readonly minTile: number
  readonly accumulate: boolean
  /** Is it an input that is kept narrow? */
  readonly narrow: (x: Value) => boolean
}

/** The two factors of a contraction. */
export const factors = (x: Value): readonly [Value, Value] => {
  const [a, b] = x.from[0]!.from
  return [a!, b!]
}
export const contracted = ({ op }: Value): readonly string[] => (op.tag === 'reduce' ? op.over : [])

/** `kept`: values that are in memory anyway, so that reading them alone is what a kernel would do, too. */
const recognise = (x: Value, minTile: number, kept: (y: Value) => boolean): boolean => {
  const product = x.from[0]
  if (x.op.tag !== 'reduce' || x.op.merge !== 'sum' || product?.op.tag !== 'primitive' || product.op.primitive !== 'mul') return false
  const [a, b] = factors(x)
  if (!x.op.over.every((axis) => has(a, axis) && has(b, axis))) return false
  const only = (p: Value, q: Value): number =>
    sizeOver(
      p.shape,
      p.axes.filter((axis) => !has(q, axis)),
    )
  const [m, n, k] = [only(a, b), only(b, a), sizeOver(product.shape, x.op.over)]
  const [few, many] = m < n ? [m, n] : [n, m]
  if (few >= minTile) return k >= minTile
  // Few rows make a matrix product still if it is long the other ways; one row, if the matrix is there to be read.
  return many >= 2 * minTile && k >= 2 * minTile && (few > 1 || kept(m < n ? b : a))
}

export interface Contractions {
  readonly outputs: readonly Value[]
  readonly contractions: ReadonlySet<Value>
  readonly build: Builder
}

/** Mark contractions, give them operands that a matrix product can read, and gather sums of them. */
export const recogniseContractions = (
  { values: before, outputs }: Expressions,
  { minTile, accumulate, narrow }: ContractionOptions,
): Contractions => {
  const build = builder()
  const found = new Set<Value>()
  const kept = (x: Value): boolean => !narrow(x) && (x.op.tag === 'input' || x.op.tag === 'view' || x.op.tag === 'update' || found.has(x))
  for (const x of before) if (recognise(x, minTile, kept)) found.add(x)
  const readers = readersOf(before)
  const results = new Set(outputs)
  const alone = (x: Value): boolean => readers.get(x)?.length === 1 && !results.has(x)
  const sums = accumulate ? gather(before, readers, alone, found) : new Map<Value, Sum>()
  const contractions = new Set<Value>()
  const to = new Map<Value, Value>()
  const get = (x: Value): Value => to.get(x)!
  const wider = new Map<Value, { readonly copy: Value; readonly at: number }>()
  let position = 0
  /** A matrix product reads float32: a narrow operand is widened into scratch right before, for all products that follow soon. */
  const wide = (x: Value): Value => {
    const known = wider.get(x)
    const copy =
      known !== undefined && position - known.at < soon
        ? known.copy
        : build.fresh({ tag: 'copy', unique: position, widens: true }, [get(x)], x.shape)
    wider.set(x, { copy, at: position })
    return copy
  }
  for (const x of before) {
    position++
    const sum = sums.get(x)
    if (sum !== undefined) to.set(x, inPlace(sum, get, build, x))
    else if (found.has(x)) {
      const [a, b] = factors(x).map((y) => (narrow(y) ? wide(y) : operand(get(y), build)))
      const product = build.fresh({ tag: 'primitive', primitive: 'mul' }, [a!, b!], x.from[0]!.shape)
      const made = build.fresh(x.op, [product], x.shape)
      contractions.add(made)
      to.set(x, made)
    } else if (x.op.tag === 'flatten' || x.op.tag === 'assemble') {
      // What accumulates in memory begins by clearing all of it, not only its part.
      const clears = (y: Value): boolean => x.op.tag === 'assemble' && y.op.tag === 'reduce' && !found.has(y)
      const parts = x.from.map((y) => (computed(y) && alone(y) && !clears(y) ? get(y) : build.copy(get(y), y.shape)))
      to.set(x, build.fresh(x.op, parts, x.shape))
    } else to.set(x, build.fresh(x.op, x.from.map(get), x.shape))
  }
  return { outputs: outputs.map(get), contractions, build }
}

/** Within so many values: the blocks of one product, not the forward and the backward pass. */
const soon = 64

/** A matrix product walks forwards through memory, without guards. */
const operand = (x: Value, build: Builder): Value => {
  if (x.free) return build.copy(x, x.shape)
  if (x.op.tag !== 'view') return x
  const { reads, guards } = x.op.view
  const plain = guards.length === 0 && Object.values(reads).every(({ terms }) => terms.every(({ step }) => step > 0))
  return plain ? x : build.copy(x, x.shape)
}

/** The addends of a sum: those made in place, and the others. */
interface Sum {
  readonly parts: readonly Value[]
  readonly rest: readonly Value[]
}
const gather = (
  values: readonly Value[],
  readers: ReadonlyMap<Value, readonly Value[]>,
  alone: (x: Value) => boolean,
  contractions: ReadonlySet<Value>,
): ReadonlyMap<Value, Sum> => {
  const products = new Set([...contractions].map((x) => x.from[0]!))
  const isAdd = ({ op }: Value): boolean => op.tag === 'primitive' && op.primitive === 'add'
  const sums = new Map<Value, Sum>()
  const inner = new Set<Value>()
  for (const root of values.toReversed()) {
    if (!isAdd(root) || inner.has(root)) continue
    const nested: Value[] = []
    const addends = (x: Value): readonly Value[] => {
      if (x !== root && !(isAdd(x) && alone(x) && sameAxes(x, root))) return [x]
      nested.push(x)
      return x.from.flatMap(addends)
    }
    const all = addends(root)
    for (const x of nested) inner.add(x)
    const made = (x: Value): boolean => (contractions.has(x) || x.op.tag === 'scatter') && alone(x) && sameAxes(x, root)
    const parts = all.filter(made)
    const rest = all.filter((x) => !made(x))
    // In the primitives that read the sum, a bias costs nothing.
    const said =
      parts.length === 1 &&
      rest.every((x) => x.size < root.size) &&
      readers.get(root)?.every((x) => x.op.tag === 'primitive' && !products.has(x))
    if (parts.length > 0 && said !== true) sums.set(root, { parts, rest })
  }
  return sums
}

const inPlace = ({ parts, rest }: Sum, get: (x: Value) => Value, build: Builder, { shape }: Value): Value => {
  const scatters = (x: Value): number => Number(x.op.tag === 'scatter')
  const start =
    rest.length === 0
      ? []
      : [
          build.copy(
            rest.map(get).reduce((x, y) => build.apply('add', [x, y])),
            shape,
          ),
        ]
  return build.make({ tag: 'accumulate' }, [...parts.map(get).sort((x, y) => scatters(x) - scatters(y)), ...start], shape)
}
