/**
 * A contraction as calls of gemm and gemv. Threads share the iterations of its loops where there are enough of them, else
 * blocks of rows or columns; the sum over k stays in order either way.
 */
import type { DotGeneral, Matrix, ProgramPart } from '../plan/program.ts'
import { type Local, type Locals, range, seq } from './control.ts'
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

/** The code of a contraction, given the addresses of its matrices and of the thread's workspace. */
export const contraction = (
  given: DotGeneral,
  base: { a: I32Code; b: I32Code; c: I32Code; workspace: I32Code },
  locals: Locals,
  call: Products,
  pool: SharedWork,
  sharing: Sharing,
): Code => {
  const contract = oriented(given)
  const { a, b, c, loops, parts, accumulate } = contract
  const outer = loops.filter(({ sum }) => !sum)
  const inner = loops.filter(({ sum }) => sum)
  const batch = outer.reduce((count, { size }) => count * size, 1)
  const { items: shared, shares: most } = sharing
  const [item, from, to] = [locals('i32'), locals('i32'), locals('i32')]
  const at = { a: locals('i32'), b: locals('i32'), c: locals('i32') }
  const again = locals('i32') // whether sums go on from what C holds
  const mine = (size: number, multiple: number): Code => {
    const [first, end] = share(pool, size, multiple)
    return seq(from.set(first), to.set(end))
  }

  const common = shared ? packed(parts) : undefined
  const shelfAt = (bytes: number): I32Code => i32.add(base.workspace, i32.const(packedPanels.at + bytes))
  const shelve = ({ n, k, n0, k0 }: PackedOperand): Code => {
    const source = i32.add(at.b.get, i32.const(4 * (k0 * b.row + n0 * b.column)))
    return call.pack(i32.const(k), i32.const(n), source, i32.const(4 * b.row), i32.const(4 * b.column), shelfAt(0))
  }
  /** Where the panels of a part begin, and how far they are apart. */
  const panels = ({ n0, k0 }: ProgramPart, all: PackedOperand): readonly I32Code[] => [
    shelfAt(32 * (k0 - all.k0) + 4 * all.k * (n0 - all.n0)),
    i32.const(32 * all.k),
  ]

  const product = (part: ProgramPart, position: number): Code => {
    const { m, n, k } = part
    const sums = parts.slice(0, position).some((earlier) => overlap(earlier, part)) ? i32.const(1) : again.get
    const start = (x: Local<'i32'>, bytes: number): I32Code => i32.add(x.get, i32.const(4 * bytes))
    const left = start(at.a, part.m0 * a.row + part.k0 * a.column)
    const right = start(at.b, part.k0 * b.row + part.n0 * b.column)
    const out = start(at.c, part.m0 * c.row + part.n0 * c.column)
    const count = i32.sub(to.get, from.get)
    const further = (x: I32Code, stride: number): I32Code => i32.add(x, i32.mul(from.get, i32.const(4 * stride)))
    const strides = (...xs: readonly number[]): readonly I32Code[] => xs.map((x) => i32.const(4 * x))
    /** Rows are what else is shared: so does a thread find what it wrote, if it is not dear that each of them packs all of B. */
    const byRows = m > 1 && (m >= n || (m >= 8 * most && k * n <= 8192))
    /** Less than a tile is high. */
    const few = m < 4 && !byRows
    const [rows, columns, aAt, bAt, cAt] = shared
      ? [i32.const(m), i32.const(n), left, right, out]
      : byRows
        ? [count, i32.const(n), further(left, a.row), right, further(out, c.row)]
        : [i32.const(m), count, left, further(right, b.column), further(out, c.column)]
    return seq(
      shared ? seq() : byRows ? mine(m, 4) : mine(n, 16),
      few
        ? seq(
            ...Array.from({ length: m }, (_, i) => {
              const [row, line] = [beyond(aAt, 4 * i * a.row), beyond(cAt, 4 * i * c.row)]
              const matrix = [bAt, ...strides(b.row, b.column)]
              return call.gemv(columns, i32.const(k), row, ...strides(a.column), ...matrix, line, ...strides(c.column), sums)
            }),
          )
        : call.gemm(
            ...[rows, columns, i32.const(k), aAt, ...strides(a.row, a.column), bAt, ...strides(b.row, b.column)],
            ...[cAt, ...strides(c.row, c.column), sums, base.workspace],
            ...(common === undefined ? [i32.const(0), i32.const(0)] : panels(part, common)),
          ),
    )
  }
  const products = seq(common === undefined ? seq() : shelve(common), ...parts.map(product))
  /** Contracted axes that are left over: C stays, and accumulates. */
  const summed = inner.reduceRight<Code>((body, loop) => {
    const i = locals('i32')
    const move = (x: Local<'i32'>, by: number): Code => (by === 0 ? seq() : x.set(i32.add(x.get, i32.const(4 * by))))
    const step = seq(body, again.set(i32.const(1)), move(at.a, loop.a), move(at.b, loop.b))
    const back = seq(move(at.a, -loop.size * loop.a), move(at.b, -loop.size * loop.b))
    return seq(range(i, i32.const(0), i32.const(loop.size), 1, step), back)
  }, products)
  /** What loop `l` adds to an address, for the item of this number. */
  const offset = (stride: 'a' | 'b' | 'c'): I32Code => {
    let below = 1
    return outer.reduceRight<I32Code>((sum, loop) => {
      const index = i32.rem_u(below === 1 ? item.get : i32.div_u(item.get, i32.const(below)), i32.const(loop.size))
      below *= loop.size
      return loop[stride] === 0 ? sum : i32.add(sum, i32.mul(index, i32.const(4 * loop[stride])))
    }, base[stride])
  }
  const one = seq(...(['a', 'b', 'c'] as const).map((x) => at[x].set(offset(x))), again.set(i32.const(accumulate ? 1 : 0)), summed)
  const [first, last] = [locals('i32'), locals('i32')]
  if (!shared) return range(item, i32.const(0), i32.const(batch), 1, one)
  return seq(mine(batch, 1), first.set(from.get), last.set(to.get), range(item, first.get, last.get, 1, one))
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
