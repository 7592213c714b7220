/**
 * What need not be computed, because a causal mask makes it vanish: found by abstract interpretation of the primitives, nothing is annotated.
 *
 *     where(less(iota r, iota c), −1e30, s)  is low,   exp of it is zero,   and so are its products,   wherever r < c
 *
 * A kernel may leave out the indices above the diagonal if nobody reads what it leaves unwritten: a fixpoint over the kernels.
 */
import { literal } from '../../core/internal.ts'
import type { Access } from './access.ts'
import { factors } from './contractions.ts'
import type { DotGeneralGroup } from './group.ts'
import { innerAxis, touched } from './layout.ts'
import { product } from './matrix.ts'
import type { ProgramPart } from './program.ts'
import type { PricedKernel, StoredFusedKernel } from './rematerialize.ts'
import { has, type Value } from './value.ts'

/** Nothing to see where index `row` < index `column`. */
export interface Triangle {
  readonly row: string
  readonly column: string
}
export interface Domains {
  readonly rows: ReadonlyMap<StoredFusedKernel, Triangle>
  readonly contractions: ReadonlyMap<DotGeneralGroup, Triangle>
}
const same = (a: Triangle | undefined, b: Triangle | undefined): boolean =>
  a !== undefined && b !== undefined && a.row === b.row && a.column === b.column

/** As large as masks are: far below every logit. */
const low = -1e29

/** Values that are zero, or as low as a mask, above the diagonal of a square larger than a block. */
export const vanishing = (
  values: readonly Value[],
  block: number,
): { readonly zero: ReadonlyMap<Value, Triangle>; readonly masked: ReadonlyMap<Value, Triangle> } => {
  const zero = new Map<Value, Triangle>()
  const masked = new Map<Value, Triangle>()
  const put = (map: Map<Value, Triangle>, x: Value, t: Triangle | undefined): void => {
    if (t !== undefined && x.shape[t.row] === x.shape[t.column] && (x.shape[t.row] ?? 0) > block) map.set(x, t)
  }
  /** The triangle in which all of these vanish; the number 0 does everywhere. */
  const all = (xs: readonly Value[]): Triangle | undefined => {
    const [first, ...rest] = xs.filter((x) => literal(x) !== 0).map((x) => zero.get(x))
    return rest.every((t) => same(t, first)) ? first : undefined
  }
  for (const n of values) {
    const [x, y, z] = n.from
    if (n.op.tag === 'copy') {
      put(zero, n, zero.get(x!))
      put(masked, n, masked.get(x!))
    }
    if (n.op.tag !== 'primitive') continue
    switch (n.op.primitive) {
      case 'where': {
        const mask = above(x!)
        const value = literal(y!)
        if (mask !== undefined && value === 0) put(zero, n, mask)
        else if (mask !== undefined && value !== undefined && value <= low) put(masked, n, mask)
        else put(zero, n, all([y!, z!]))
        break
      }
      case 'mul': {
        put(zero, n, zero.get(x!) ?? zero.get(y!))
        const scale = literal(x!)
        if (scale !== undefined && scale >= 1e-3) put(masked, n, masked.get(y!))
        break
      }
      case 'div':
        put(zero, n, zero.get(x!))
        break
      case 'add':
      case 'sub': {
        put(zero, n, all([x!, y!]))
        const t = masked.get(x!)
        if (t !== undefined && !has(y!, t.column)) put(masked, n, t)
        break
      }
      case 'exp':
        put(zero, n, masked.get(x!))
        break
    }
  }
  return { zero, masked }
}
export const above = ({ op, from: [x, y] }: Value): Triangle | undefined =>
  op.tag === 'primitive' && op.primitive === 'less' && x?.op.tag === 'iota' && y?.op.tag === 'iota'
    ? { row: x.op.axis, column: y.op.axis }
    : undefined

/** What is known of a program whose masked parts are looked for. */
interface DomainState {
  readonly zero: ReadonlyMap<Value, Triangle>
  readonly masked: ReadonlyMap<Value, Triangle>
  readonly kernels: readonly PricedKernel[]
  readonly readers: ReadonlyMap<Value, readonly PricedKernel[]>
  readonly results: ReadonlySet<Value>
  readonly owner: (x: Value) => Value
  readonly access: (x: Value) => Access
  /** Fused kernels that stop at a diagonal. */
  readonly rows: Map<StoredFusedKernel, Triangle>
}

export const domains = (
  values: readonly Value[],
  kernels: readonly PricedKernel[],
  results: ReadonlySet<Value>,
  owner: (x: Value) => Value,
  access: (x: Value) => Access,
  block: number,
): Domains => {
  const { zero, masked } = vanishing(values, block)
  if (zero.size === 0) return { rows: new Map(), contractions: new Map() }
  const s: DomainState = { zero, masked, kernels, results, owner, access, readers: readersOf(kernels, owner), rows: new Map() }
  for (const k of kernels) {
    if (k.kind !== 'fused') continue
    const t = k.stores.map((x) => zero.get(x)).find((found) => found !== undefined)
    if (t !== undefined && indifferent(s, k, t)) s.rows.set(k, t)
  }
  for (let changed = true; changed; ) {
    changed = false
    for (const [k, t] of s.rows)
      if (!k.stores.filter((x) => has(x, t.column) && has(x, t.row)).every((x) => unread(s, x, t))) {
        s.rows.delete(k)
        changed = true
      }
  }
  const contractions = new Map<DotGeneralGroup, Triangle>()
  for (const k of kernels) {
    const t = k.kind === 'dotGeneral' ? triangleOf(s, k) : undefined
    if (k.kind === 'dotGeneral' && t !== undefined) contractions.set(k, t)
  }
  return { rows: s.rows, contractions }
}

const readersOf = (kernels: readonly PricedKernel[], owner: (x: Value) => Value): ReadonlyMap<Value, readonly PricedKernel[]> => {
  const readers = new Map<Value, PricedKernel[]>()
  for (const k of kernels)
    for (const x of new Set((k.kind === 'dotGeneral' ? factors(k.value) : touched(k).filter((y) => !k.stores.includes(y))).map(owner))) {
      const known = readers.get(x)
      if (known === undefined) readers.set(x, [k])
      else known.push(k)
    }
  return readers
}
/** Does the kernel compute the same if it stops at the diagonal? */
const indifferent = ({ zero, masked, access }: DomainState, k: StoredFusedKernel, t: Triangle): boolean =>
  innerAxis(k, access) === t.column &&
  k.space[t.row] !== undefined &&
  k.body.every((x) => {
    if (x.op.tag === 'scatter') return false
    if (x.op.tag === 'reduce' && k.own.has(x)) return same((x.op.merge === 'max' ? masked : zero).get(x.from[0]!), t)
    return !k.stores.includes(x) || !has(x, t.column) || same(zero.get(x), t)
  })
/** Does the reader leave out what lies above the diagonal of x? */
const careful = ({ zero, rows, access }: DomainState, k: PricedKernel, x: Value, t: Triangle): boolean =>
  k.kind === 'fused'
    ? same(rows.get(k), t) && k.loads.includes(x)
    : same(zero.get(x), t) && factors(k.value).includes(x) && aligned(k, t, access)
/** Does nobody read what lies above the diagonal of x? */
const unread = (s: DomainState, x: Value, t: Triangle): boolean =>
  s.owner(x) === x && !s.results.has(x) && (s.readers.get(x) ?? []).every((k) => touchedOnlyAs(k, x, s.owner) && careful(s, k, x, t))
/** The triangle that a product may leave out: of its result, if its reader does so, or of a factor that is zero there. */
const triangleOf = (s: DomainState, k: DotGeneralGroup): Triangle | undefined => {
  const { into } = k
  const [first] = s.readers.get(into) ?? []
  const wanted = first?.kind === 'fused' ? s.rows.get(first) : undefined
  const partial = wanted !== undefined && into === k.value && !k.accumulate && has(into, wanted.row) && has(into, wanted.column)
  if (partial && unread(s, into, wanted) && aligned(k, wanted, s.access)) return wanted
  const t = factors(k.value)
    .map((x) => s.zero.get(x))
    .find((found) => found !== undefined)
  return t !== undefined && aligned(k, t, s.access) ? t : undefined
}
/** Is x itself, and no view of it, what the kernel reads? */
const touchedOnlyAs = (k: PricedKernel, x: Value, owner: (y: Value) => Value): boolean =>
  (k.kind === 'dotGeneral' ? factors(k.value) : touched(k)).every((y) => owner(y) !== x || y === x)

const aligned = (k: DotGeneralGroup, t: Triangle, access: (x: Value) => Access): boolean => {
  const { m, n, k: depth } = product(k, access, t)
  const sides = [m, n, depth].map(({ axes }) => (axes.length === 1 ? axes[0] : undefined))
  return sides.includes(t.row) && sides.includes(t.column)
}

/**
 * The boxes of a product that matter: `row` and `column` are two of its three sides, in blocks along the one that is not summed over.
 * row = m, column = k, for example: in rows m0 … m0 + block, only k < m0 + block.
 */
export const partsOf = (
  size: Readonly<Record<'m' | 'n' | 'k', number>>,
  row: MatrixDimension,
  column: MatrixDimension,
  block: number,
): readonly ProgramPart[] => {
  const along = row === 'k' ? column : row
  const across = along === row ? column : row
  return Array.from({ length: Math.ceil(size[along] / block) }, (_, i) => {
    const start = i * block
    const length = Math.min(block, size[along] - start)
    const [from, to] = along === row ? [0, Math.min(size[across], start + block)] : [Math.min(start, size[across]), size[across]]
    const box = { m0: 0, n0: 0, k0: 0, ...size }
    return { ...box, [`${along}0`]: start, [along]: length, [`${across}0`]: from, [across]: to - from }
  })
}
export type MatrixDimension = 'm' | 'n' | 'k'
