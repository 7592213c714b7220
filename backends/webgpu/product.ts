/**
 * Matrix products from registers: each thread computes a tile of C, reading rows of A and columns of B straight from memory.
 *
 *     acc[i][v] += A[i, k] · B[k, 4v … 4v + 3]        i < rows,  v < vectors;   k, and the summed loops, in order
 *
 * Indices beyond an edge are those of the edge: their products are computed and not stored. Products whose memory is aligned read and write
 * vectors of four, along whichever of its sides a matrix is contiguous.
 */
import type { DotGeneral, Matrix, ProgramPart } from '../plan/index.ts'
import { launchedParts, partText } from './parts.ts'
import { address } from './text.ts'

/** The tile of a thread, and the threads of a workgroup. */
export interface TileShape {
  readonly rows: number
  /** Vectors of four columns. */
  readonly vectors: number
  readonly down: number
  readonly across: number
}

/** Cᵀ = Bᵀ · Aᵀ where that makes rows of C contiguous. */
export const oriented = (given: DotGeneral): DotGeneral => {
  const { m, n, a, b, c, loops, parts } = given
  const turn = n === 1 ? m > 1 : m > 1 && c.column !== 1 && c.row === 1
  if (!turn) return given
  const transpose = (x: Matrix): Matrix => ({ ...x, row: x.column, column: x.row })
  return {
    ...given,
    ...{ m: n, n: m, a: transpose(b), b: transpose(a), c: transpose(c) },
    loops: loops.map((loop) => ({ ...loop, a: loop.b, b: loop.a })),
    parts: parts.map((part) => ({ ...part, m: part.n, n: part.m, m0: part.n0, n0: part.m0 })),
  }
}

/** How the elements of A and B are fetched: by vectors along k, along the other side, or one by one. */
export type Fetch = 'along k' | 'across' | 'one'
export interface Fetching {
  /** Memory is read and written by vectors. */
  readonly vector: boolean
  readonly a: Fetch
  readonly b: Fetch
}

const fours = (...xs: readonly number[]): boolean => xs.every((x) => x % 4 === 0)

/** Vectors where everything that is added to an address is a multiple of four. */
export const fetchingOf = ({ a, b, c, loops, parts }: DotGeneral): Fetching => {
  const columns = parts.every(({ n0, n }) => fours(n0, n))
  const depth = parts.every(({ k0 }) => fours(k0))
  const vector = c.column === 1 && columns && fours(c.offset, c.row, ...loops.map((l) => l.c))
  const whole = (x: Matrix, strides: readonly number[]): boolean => vector && fours(x.offset, ...strides)
  const [aLoops, bLoops] = [loops.map((l) => l.a), loops.map((l) => l.b)]
  const alongA = a.column === 1 && depth && whole(a, [a.row, ...aLoops])
  const alongB = b.row === 1 && depth && whole(b, [b.column, ...bLoops])
  const acrossB = b.column === 1 && whole(b, [b.row, ...bLoops])
  return { vector, a: alongA ? 'along k' : 'one', b: acrossB ? 'across' : alongB ? 'along k' : 'one' }
}

const range = (n: number): readonly number[] => [...Array(n).keys()]

/** One element; from a memory of vectors, its lane. */
const element = (vector: boolean, memory: string, at: string): string =>
  vector ? `${memory}[(${at}) >> 2u][(${at}) & 3]` : `${memory}[${at}]`

/** Statements of main. Arguments 0, 1 and 2 are A, B and C. `memory`: of each. */
export const productBody = (k: DotGeneral, shape: TileShape, fetching: Fetching, memory: readonly string[]): readonly string[] => {
  const { a, c, loops, accumulate } = k
  const { rows, vectors } = shape
  const { vector } = fetching
  const [A, B, C] = memory as readonly [string, string, string] // one each
  const outer = loops.filter(({ sum }) => !sum)
  const inner = loops.filter(({ sum }) => sum)
  const lines: string[] = [...partText(launchedParts(k, shape), shape, outer)]
  const batchOf = (x: 'a' | 'b' | 'c'): readonly (readonly [string, number])[] => outer.map((l, i) => [`o${i}`, l[x]] as const)
  const summed = (x: 'a' | 'b'): readonly (readonly [string, number])[] => inner.map((l, i) => [`s${i}`, l[x]] as const)
  lines.push(
    `let row = rowFrom + (tileRow * ${shape.down} + thread / ${shape.across}) * ${rows};`,
    `let column = columnFrom + (tileColumn * ${shape.across} + thread % ${shape.across}) * ${4 * vectors};`,
    ...range(rows).flatMap((i) => range(vectors).map((v) => `var acc${i}_${v} = vec4<f32>();`)),
    ...range(rows).map((i) => `let row${i} = ${address(address('p0', batchOf('a')), [[`min(row + ${i}, rowEnd - 1)`, a.row]])};`),
    ...columnStarts(k, vectors, fetching, batchOf('b')),
  )
  lines.push(...inner.map((l, i) => `for (var s${i} = 0; s${i} < ${l.size}; s${i}++) {`))
  lines.push(...depthLoop(k, shape, fetching, A, B, summed))
  lines.push(...inner.map(() => '}'))
  lines.push('if (column < columnEnd) {')
  for (const i of range(rows)) {
    lines.push(`if (row + ${i} < rowEnd) {`, `let out = ${address('p2', [...batchOf('c'), [`(row + ${i})`, c.row]])};`)
    for (const v of range(vectors)) {
      const guard = v === 0 ? '' : `if (column + ${4 * v} < columnEnd) `
      if (vector) {
        const at = `(out + column + ${4 * v}) >> 2u`
        lines.push(`${guard}{ ${C}[${at}] = ${accumulate ? `${C}[${at}] + ` : ''}acc${i}_${v}; }`)
      } else
        for (const lane of range(4)) {
          const at = address('out', [[`(column + ${4 * v + lane})`, c.column]])
          const value = accumulate ? `${C}[${at}] + acc${i}_${v}[${lane}]` : `acc${i}_${v}[${lane}]`
          lines.push(`if (column + ${4 * v + lane} < columnEnd) { ${C}[${at}] = ${value}; }`)
        }
    }
    lines.push('}')
  }
  lines.push('}')
  return lines
}

/** Where each column of the tile begins in B; of a matrix that is read across, where each vector does. */
const columnStarts = (
  { b }: DotGeneral,
  vectors: number,
  fetching: Fetching,
  batch: readonly (readonly [string, number])[],
): readonly string[] => {
  const base = address('p1', batch)
  if (fetching.b === 'across') return range(vectors).map((v) => `let column${v} = ${base} + min(column + ${4 * v}, columnEnd - 4);`)
  return range(4 * vectors).map((j) => `let column${j} = ${address(base, [[`min(column + ${j}, columnEnd - 1)`, b.column]])};`)
}

/** The loop over k: four at a time, then one by one. */
const depthLoop = (
  k: DotGeneral,
  { rows, vectors }: TileShape,
  fetching: Fetching,
  A: string,
  B: string,
  summed: (x: 'a' | 'b') => readonly (readonly [string, number])[],
): readonly string[] => {
  const { a, b, parts } = k
  const { vector } = fetching
  const at = (start: string, x: 'a' | 'b', depth: string, stride: number): string => address(start, [...summed(x), [depth, stride]])
  const single = (depth: string): readonly string[] => [
    ...range(rows).map((i) => `let a${i} = ${element(vector, A, at(`row${i}`, 'a', depth, a.column))};`),
    ...range(vectors).map((v) => `let b${v} = ${vectorOfB(depth, v)};`),
    ...range(rows).flatMap((i) => range(vectors).map((v) => `acc${i}_${v} = fma(vec4<f32>(a${i}), b${v}, acc${i}_${v});`)),
  ]
  const vectorOfB = (depth: string, v: number): string =>
    fetching.b === 'across'
      ? `${B}[(${at(`column${v}`, 'b', depth, b.row)}) >> 2u]`
      : `vec4<f32>(${range(4)
          .map((lane) => element(vector, B, at(`column${4 * v + lane}`, 'b', depth, b.row)))
          .join(', ')})`
  const four: string[] = []
  if (fetching.a === 'along k') four.push(...range(rows).map((i) => `let a${i} = ${A}[(${at(`row${i}`, 'a', 'k', 1)}) >> 2u];`))
  if (fetching.b === 'along k') four.push(...range(4 * vectors).map((j) => `let q${j} = ${B}[(${at(`column${j}`, 'b', 'k', 1)}) >> 2u];`))
  for (const t of range(4)) {
    const depth = `(k + ${t})`
    for (const v of range(vectors))
      four.push(
        `let b${t}_${v} = ${
          fetching.b === 'along k'
            ? `vec4<f32>(${range(4)
                .map((lane) => `q${4 * v + lane}[${t}]`)
                .join(', ')})`
            : vectorOfB(depth, v)
        };`,
      )
    for (const i of range(rows)) {
      const factor = fetching.a === 'along k' ? `a${i}[${t}]` : element(vector, A, at(`row${i}`, 'a', depth, a.column))
      four.push(`let a${t}_${i} = ${factor};`)
      four.push(...range(vectors).map((v) => `acc${i}_${v} = fma(vec4<f32>(a${t}_${i}), b${t}_${v}, acc${i}_${v});`))
    }
  }
  const whole = parts.every((part: ProgramPart) => part.k % 4 === 0)
  return [
    'var k = depthFrom;',
    'for (; k + 4 <= depthEnd; k += 4) {',
    ...four,
    '}',
    ...(whole ? [] : ['for (; k < depthEnd; k++) {', ...single('k'), '}']),
  ]
}
