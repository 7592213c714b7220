/**
 * A contraction as calls of gemm and gemv. Threads share the iterations of its loops where there are enough of them, else
 * blocks of rows or columns; the sum over k stays in order either way.
 */
import type { DotGeneral, Matrix, ProgramPart } from '../plan/program.ts'
import { type I32Local, type Locals, range, seq } from './control.ts'
import { packedPanels } from './gemm.ts'
import { type Code, type I32Code, i32 } from './instructions.ts'
import { beyond } from './lanes.ts'
import { type SharedWork, share } from './share.ts'

export interface Products {
  readonly pack: (...args: readonly I32Code[]) => Code
  readonly gemm: (...args: readonly I32Code[]) => Code
  readonly gemv: (...args: readonly I32Code[]) => Code
}
/** Cᵀ = Bᵀ · Aᵀ where that makes rows of C contiguous, or a single row of a single column. */
export const oriented = (contract: DotGeneral): DotGeneral => {
  const { m, n, a, b, c, loops, parts } = contract
  const turn = n === 1 ? m > 1 : m > 1 && c.column !== 1 && c.row === 1
  if (!turn) return contract
  const transpose = (x: Matrix): Matrix => ({ ...x, row: x.column, column: x.row })
  return {
    ...contract,
    ...{ m: n, n: m, a: transpose(b), b: transpose(a), c: transpose(c) },
    loops: loops.map((loop) => ({ ...loop, a: loop.b, b: loop.a })),
    parts: parts.map((part) => ({ ...part, m: part.n, n: part.m, m0: part.n0, n0: part.m0 })),
  }
}

/** How threads share a contraction: whole items of its loops, or rows or columns of each in so many shares at most. */
export interface Sharing {
  readonly items: boolean
  readonly shares: number
}

/** A contraction as it is written. */
interface ContractionState {
  readonly contract: DotGeneral
  readonly base: MatrixAddresses
  readonly locals: Locals
  readonly call: Products
  readonly pool: SharedWork
  readonly sharing: Sharing
  /** The number of the item of its loops, and what of them (or of rows or columns) is this thread's. */
  readonly item: I32Local
  readonly from: I32Local
  readonly to: I32Local
  /** Where the matrices of the item begin. */
  readonly at: { readonly [side in MatrixName]: I32Local }
  /** Whether sums go on from what C holds. */
  readonly again: I32Local
  /** What of B is packed once for all parts, if it is worth it. */
  readonly common: PackedOperand | undefined
}
type MatrixName = 'a' | 'b' | 'c'
type MatrixAddresses = { readonly [side in MatrixName | 'workspace']: I32Code }

/** The code of a contraction, given the addresses of its matrices and of the thread's workspace. */
export const contraction = (
  given: DotGeneral,
  base: MatrixAddresses,
  locals: Locals,
  call: Products,
  pool: SharedWork,
  sharing: Sharing,
): Code => {
  const contract = oriented(given)
  const { loops, parts, accumulate } = contract
  const outer = loops.filter(({ sum }) => !sum)
  const [item, from, to] = [locals('i32'), locals('i32'), locals('i32')]
  const at = { a: locals('i32'), b: locals('i32'), c: locals('i32') }
  const common = sharing.items ? packed(parts) : undefined
  const s: ContractionState = { contract, base, locals, call, pool, sharing, item, from, to, at, common, again: locals('i32') }
  const products = seq(common === undefined ? seq() : packShared(s, common), ...parts.map((part, i) => product(s, part, i)))
  const summed = overSums(s, products)
  const begin = (['a', 'b', 'c'] as const).map((x) => at[x].set(itemAddress(s, outer, x)))
  const one = seq(...begin, s.again.set(i32.const(accumulate ? 1 : 0)), summed)
  const batch = outer.reduce((count, { size }) => count * size, 1)
  const [first, last] = [locals('i32'), locals('i32')]
  if (!sharing.items) return range(item, i32.const(0), i32.const(batch), 1, one)
  return seq(mine(s, batch, 1), first.set(from.get), last.set(to.get), range(item, first.get, last.get, 1, one))
}

/** This thread's share of so many rows, columns or items. */
const mine = ({ pool, from, to }: ContractionState, size: number, multiple: number): Code => {
  const [first, end] = share(pool, size, multiple)
  return seq(from.set(first), to.set(end))
}
const packedAt = ({ base }: ContractionState, bytes: number): I32Code => i32.add(base.workspace, i32.const(packedPanels.at + bytes))
const packShared = (s: ContractionState, { n, k, n0, k0 }: PackedOperand): Code => {
  const { b } = s.contract
  const source = i32.add(s.at.b.get, i32.const(4 * (k0 * b.row + n0 * b.column)))
  return s.call.pack(i32.const(k), i32.const(n), source, i32.const(4 * b.row), i32.const(4 * b.column), packedAt(s, 0))
}
/** Where the packed panels of a part begin, and how far they are apart; zeros where none are. */
const panels = (s: ContractionState, { n0, k0 }: ProgramPart): readonly I32Code[] =>
  s.common === undefined
    ? [i32.const(0), i32.const(0)]
    : [packedAt(s, 32 * (k0 - s.common.k0) + 4 * s.common.k * (n0 - s.common.n0)), i32.const(32 * s.common.k)]

/** What this thread computes of a part: its rows and columns, and where its matrices begin. */
interface PartShare {
  readonly rows: I32Code
  readonly columns: I32Code
  readonly a: I32Code
  readonly b: I32Code
  readonly c: I32Code
}
const partShare = ({ contract, at, from, to, sharing }: ContractionState, part: ProgramPart, byRows: boolean): PartShare => {
  const { a, b, c } = contract
  const start = (x: I32Local, elements: number): I32Code => i32.add(x.get, i32.const(4 * elements))
  const left = start(at.a, part.m0 * a.row + part.k0 * a.column)
  const right = start(at.b, part.k0 * b.row + part.n0 * b.column)
  const out = start(at.c, part.m0 * c.row + part.n0 * c.column)
  const count = i32.sub(to.get, from.get)
  const further = (x: I32Code, stride: number): I32Code => i32.add(x, i32.mul(from.get, i32.const(4 * stride)))
  const [rows, columns] = [i32.const(part.m), i32.const(part.n)]
  if (sharing.items) return { rows, columns, a: left, b: right, c: out }
  return byRows
    ? { rows: count, columns, a: further(left, a.row), b: right, c: further(out, c.row) }
    : { rows, columns: count, a: left, b: further(right, b.column), c: further(out, c.column) }
}
const strides = (...xs: readonly number[]): readonly I32Code[] => xs.map((x) => i32.const(4 * x))

/** The product of one part: this thread's share of its rows or columns, unless items are shared. */
const product = (s: ContractionState, part: ProgramPart, position: number): Code => {
  const { a, b, c, parts } = s.contract
  const { items, shares } = s.sharing
  const { m, n, k } = part
  const sums = parts.slice(0, position).some((earlier) => overlap(earlier, part)) ? i32.const(1) : s.again.get
  /** Rows are what else is shared: so does a thread find what it wrote, if it is not dear that each of them packs all of B. */
  const byRows = m > 1 && (m >= n || (m >= 8 * shares && k * n <= 8192))
  /** Less than a tile is high. */
  const few = m < 4 && !byRows
  const own = partShare(s, part, byRows)
  const bounds = items ? seq() : byRows ? mine(s, m, 4) : mine(s, n, 16)
  if (!few) {
    const factors = [own.a, ...strides(a.row, a.column), own.b, ...strides(b.row, b.column)]
    const target = [own.c, ...strides(c.row, c.column), sums, s.base.workspace]
    return seq(bounds, s.call.gemm(own.rows, own.columns, i32.const(k), ...factors, ...target, ...panels(s, part)))
  }
  const lines = Array.from({ length: m }, (_, i) => {
    const [row, line] = [beyond(own.a, 4 * i * a.row), beyond(own.c, 4 * i * c.row)]
    const matrix = [own.b, ...strides(b.row, b.column)]
    return s.call.gemv(own.columns, i32.const(k), row, ...strides(a.column), ...matrix, line, ...strides(c.column), sums)
  })
  return seq(bounds, ...lines)
}

/** Around the products, loops over contracted axes that are left over: C stays, and accumulates. */
const overSums = ({ contract, locals, at, again }: ContractionState, products: Code): Code =>
  contract.loops
    .filter(({ sum }) => sum)
    .reduceRight<Code>((body, loop) => {
      const i = locals('i32')
      const move = (x: I32Local, by: number): Code => (by === 0 ? seq() : x.set(i32.add(x.get, i32.const(4 * by))))
      const step = seq(body, again.set(i32.const(1)), move(at.a, loop.a), move(at.b, loop.b))
      const back = seq(move(at.a, -loop.size * loop.a), move(at.b, -loop.size * loop.b))
      return seq(range(i, i32.const(0), i32.const(loop.size), 1, step), back)
    }, products)

/** Where a matrix begins for the item of this number: each loop moves it by its index times its stride. */
const itemAddress = ({ base, item }: ContractionState, outer: DotGeneral['loops'], stride: MatrixName): I32Code => {
  let below = 1
  return outer.reduceRight<I32Code>((sum, loop) => {
    const index = i32.rem_u(below === 1 ? item.get : i32.div_u(item.get, i32.const(below)), i32.const(loop.size))
    below *= loop.size
    return loop[stride] === 0 ? sum : i32.add(sum, i32.mul(index, i32.const(4 * loop[stride])))
  }, base[stride])
}

/**
 * What parts read of B together, if that is best packed once for all of them: some of it is read several times, every part begins with a panel
 * of eight columns, all panels are whole, and there is room.
 */
const packed = (parts: readonly ProgramPart[]): PackedOperand | undefined => {
  const from = (side: 'n' | 'k'): number => Math.min(...parts.map((part) => part[`${side}0`]))
  const length = (side: 'n' | 'k'): number => Math.max(...parts.map((part) => part[`${side}0`] + part[side])) - from(side)
  const all = { n0: from('n'), k0: from('k'), n: length('n'), k: length('k') }
  const whole = parts.every(({ m, n, n0 }) => m >= 8 && n % 8 === 0 && (n0 - all.n0) % 8 === 0)
  const read = parts.reduce((sum, { n, k }) => sum + n * k, 0)
  return whole && read > all.n * all.k && all.n * all.k <= packedPanels.holds ? all : undefined
}
type PackedOperand = Omit<ProgramPart, 'm0' | 'm'>

/** Whether two parts meet in C. They must be the same region of it then, and the later one accumulates. */
const overlap = (x: ProgramPart, y: ProgramPart): boolean => {
  const meet = x.m0 < y.m0 + y.m && y.m0 < x.m0 + x.m && x.n0 < y.n0 + y.n && y.n0 < x.n0 + x.n
  if (meet && !(x.m0 === y.m0 && x.m === y.m && x.n0 === y.n0 && x.n === y.n))
    throw new RangeError(
      `contraction: parts ${JSON.stringify(x)} and ${JSON.stringify(y)} overlap in C without being the same region of it`,
    )
  return meet
}
