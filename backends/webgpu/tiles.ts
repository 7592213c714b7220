/**
 * Products through workgroup memory: blocks of A and B, transposed as they are loaded, from which threads read vectors.
 *
 *     left[k, m/4], right[k, n/4]   vectors along m and n;      acc[i] += left[k][i] · right[k]
 *
 * Loads walk along whichever side of a matrix is contiguous, so that neighbouring threads read neighbouring elements: NN, NT and TN differ in
 * nothing else. What lies beyond an edge is zero.
 */
import type { DotGeneral } from '../plan/index.ts'
import { partText, regionsOf, type TileShape } from './parts.ts'
import { range, termsOf } from './registers.ts'
import { address } from './text.ts'

/** Vectors of a block along m, and along n. */
const vectorsOf = ({ rows, columns, down, across }: TileShape): readonly [number, number] => [(rows * down) / 4, (columns * across) / 4]

export const tilesMemory = (shape: TileShape): readonly string[] => {
  const [left, right] = vectorsOf(shape)
  return [
    `var<workgroup> left: array<vec4<f32>, ${left * shape.depth}>;`,
    `var<workgroup> right: array<vec4<f32>, ${right * shape.depth}>;`,
  ]
}

interface LoadedSide {
  readonly tile: string
  readonly memory: string
  readonly vectors: number
  /** Where the matrix begins, in this iteration. */
  readonly start: string
  /** The first row (or column) of the block, and where the part ends. */
  readonly from: string
  readonly end: string
  /** Strides along the side, and along k. */
  readonly along: number
  readonly depth: number
}

/** Statements that load a block: a thread makes whole vectors. */
const loadBlock = (shape: TileShape, side: LoadedSide): readonly string[] => {
  const { tile, memory, vectors, start, from, end, along, depth } = side
  const threads = shape.down * shape.across
  const count = vectors * shape.depth
  const byDepth = depth === 1
  return range(Math.ceil(count / threads)).flatMap((t) => {
    const guard = (t + 1) * threads > count
    return [
      `{ let e = thread + ${t * threads};`,
      ...(guard ? [`if (e < ${count}) {`] : []),
      byDepth ? `let d = e % ${shape.depth}; let v = e / ${shape.depth};` : `let v = e % ${vectors}; let d = e / ${vectors};`,
      'let inside = k + d < depthEnd;',
      `let line = ${address(start, [['min(k + d, depthEnd - 1)', depth]])};`,
      `let first = ${from} + v * 4;`,
      'var x = vec4<f32>();',
      'if (inside) {',
      ...range(4).map((i) => `if (first + ${i} < ${end}) { x[${i}] = ${memory}[${address('line', [[`(first + ${i})`, along]])}]; }`),
      '}',
      `${tile}[d * ${vectors} + v] = x;`,
      ...(guard ? ['}'] : []),
      '}',
    ]
  })
}

/** Statements of main. Arguments 0, 1 and 2 are A, B and C. */
export const tilesBody = (k: DotGeneral, shape: TileShape, memory: readonly string[]): readonly string[] => {
  const { a, b } = k
  const { rows, columns, down, across, depth } = shape
  const { outer, inner, batch, summed, open } = termsOf(k)
  const [leftVectors, rightVectors] = vectorsOf(shape)
  const [A, B, C] = memory as readonly [string, string, string] // one each
  const [high, wide] = [rows / 4, columns / 4]
  return [
    ...partText(regionsOf(k, shape), shape, outer),
    `let blockRow = rowFrom + tileRow * ${rows * down};`,
    `let blockColumn = columnFrom + tileColumn * ${columns * across};`,
    `let ty = thread / ${across};`,
    `let tx = thread % ${across};`,
    ...range(rows).flatMap((i) => range(wide).map((v) => `var acc${i}_${v} = vec4<f32>();`)),
    ...open,
    `for (var k = depthFrom; k < depthEnd; k += ${depth}) {`,
    ...loadBlock(shape, {
      tile: 'left',
      memory: A,
      vectors: leftVectors,
      start: address('p0', [...batch('a'), ...summed('a')]),
      from: 'blockRow',
      end: 'rowEnd',
      along: a.row,
      depth: a.column,
    }),
    ...loadBlock(shape, {
      tile: 'right',
      memory: B,
      vectors: rightVectors,
      start: address('p1', [...batch('b'), ...summed('b')]),
      from: 'blockColumn',
      end: 'columnEnd',
      along: b.column,
      depth: b.row,
    }),
    'workgroupBarrier();',
    `for (var d = 0; d < ${depth}; d++) {`,
    ...range(wide).map((v) => `let right${v} = right[d * ${rightVectors} + tx + ${v * across}];`),
    ...range(high).flatMap((h) => [
      `let left${h} = left[d * ${leftVectors} + ty + ${h * down}];`,
      ...range(4).flatMap((i) =>
        range(wide).map((v) => `acc${4 * h + i}_${v} = fma(vec4<f32>(left${h}[${i}]), right${v}, acc${4 * h + i}_${v});`),
      ),
    ]),
    '}',
    'workgroupBarrier();',
    '}',
    ...inner.map(() => '}'),
    ...storeTile(k, shape, C),
  ]
}

/** Statements that store a thread's tile. */
const storeTile = (k: DotGeneral, { rows, columns, down, across }: TileShape, C: string): readonly string[] => {
  const { c, accumulate } = k
  const { batch } = termsOf(k)
  const wide = columns / 4
  return [
    ...range(rows).flatMap((i) => {
      const row = `(blockRow + (ty + ${(i >> 2) * down}) * 4 + ${i & 3})`
      return [
        `if (${row} < rowEnd) {`,
        `let line = ${address('p2', [...batch('c'), [row, c.row]])};`,
        ...range(wide).flatMap((v) => [
          `{ let column = blockColumn + (tx + ${v * across}) * 4;`,
          ...range(4).map((lane) => {
            const at = `${C}[${address('line', [[`(column + ${lane})`, c.column]])}]`
            return `if (column + ${lane} < columnEnd) { ${at} = ${accumulate ? `${at} + ` : ''}acc${i}_${v}[${lane}]; }`
          }),
          '}',
        ]),
        '}',
      ]
    }),
  ]
}
