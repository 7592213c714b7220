/**
 * Products from registers: no workgroup memory, no barrier.
 *
 *     acc[i, j] += A[row + i, k] · B[k, column + across · j]
 *
 * Neighbouring threads read neighbouring columns of B and the same rows of A. Indices beyond an edge are those of the edge: what they give is
 * computed and not stored.
 */
import type { DotGeneral } from '../plan/index.ts'
import { partText, regionsOf, type TileShape } from './parts.ts'
import { address } from './text.ts'

export const range = (n: number): readonly number[] => [...Array(n).keys()]

/** A product's loops as terms of addresses. */
export const termsOf = ({ loops }: DotGeneral) => {
  const outer = loops.filter(({ sum }) => !sum)
  const inner = loops.filter(({ sum }) => sum)
  return {
    outer,
    inner,
    batch: (x: 'a' | 'b' | 'c'): readonly (readonly [string, number])[] => outer.map((l, i) => [`o${i}`, l[x]] as const),
    summed: (x: 'a' | 'b'): readonly (readonly [string, number])[] => inner.map((l, i) => [`s${i}`, l[x]] as const),
    open: inner.map((l, i) => `for (var s${i} = 0; s${i} < ${l.size}; s${i}++) {`),
  }
}

/** Statements of main. Arguments 0, 1 and 2 are A, B and C. */
export const registersBody = (k: DotGeneral, shape: TileShape, memory: readonly string[]): readonly string[] => {
  const { a, b, c, accumulate } = k
  const { rows, columns, down, across } = shape
  const { outer, inner, batch, summed, open } = termsOf(k)
  const [A, B, C] = memory
  const each = (line: (i: number, j: number) => string): readonly string[] =>
    range(rows).flatMap((i) => range(columns).map((j) => line(i, j)))
  return [
    ...partText(regionsOf(k, shape), shape, outer),
    `let row = rowFrom + (tileRow * ${down} + thread / ${across}) * ${rows};`,
    `let column = columnFrom + tileColumn * ${across * columns} + thread % ${across};`,
    ...range(rows).map((i) => `let row${i} = ${address('p0', [...batch('a'), [`min(row + ${i}, rowEnd - 1)`, a.row]])};`),
    ...range(columns).map(
      (j) => `let column${j} = ${address('p1', [...batch('b'), [`min(column + ${across * j}, columnEnd - 1)`, b.column]])};`,
    ),
    ...each((i, j) => `var acc${i}_${j} = 0f;`),
    ...open,
    'for (var k = depthFrom; k < depthEnd; k++) {',
    ...range(columns).map((j) => `let b${j} = ${B}[${address(`column${j}`, [...summed('b'), ['k', b.row]])}];`),
    ...range(rows).flatMap((i) => [
      `let a${i} = ${A}[${address(`row${i}`, [...summed('a'), ['k', a.column]])}];`,
      ...range(columns).map((j) => `acc${i}_${j} = fma(a${i}, b${j}, acc${i}_${j});`),
    ]),
    '}',
    ...inner.map(() => '}'),
    ...range(columns).map((j) => `let out${j} = ${address('p2', [...batch('c'), [`(column + ${across * j})`, c.column]])};`),
    ...range(rows).flatMap((i) => [
      `if (row + ${i} < rowEnd) {`,
      `let line = ${address('0', [[`(row + ${i})`, c.row]])};`,
      ...range(columns).map((j) => {
        const at = `${C}[out${j} + line]`
        return `if (column + ${across * j} < columnEnd) { ${at} = ${accumulate ? `${at} + ` : ''}acc${i}_${j}; }`
      }),
      '}',
    ]),
  ]
}
