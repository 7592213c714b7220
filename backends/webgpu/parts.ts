/**
 * Which part of a product a workgroup computes: dense products have one, causal ones a box for each block of rows or columns.
 *
 *     group = iteration · tiles + tile,     tile − before(part) = tileRow · across(part) + tileColumn
 */
import type { DotGeneral } from '../plan/index.ts'

interface Loop {
  readonly size: number
}
/** What a thread computes, and how threads lie in a workgroup. */
export interface TileShape {
  readonly rows: number
  readonly columns: number
  readonly down: number
  readonly across: number
  /** Workgroup memory holds blocks of so much of k; 0: there is none. */
  readonly depth: number
}

/** A region of C, the tiles of the regions before it, and its tiles across. */
export interface ProductRegion {
  readonly m0: number
  readonly m: number
  readonly n0: number
  readonly n: number
  readonly k0: number
  readonly k: number
  readonly before: number
  readonly across: number
}

export const regionsOf = ({ parts }: DotGeneral, shape: TileShape): readonly ProductRegion[] => {
  let before = 0
  return parts
    .filter(({ m, n }) => m > 0 && n > 0)
    .map((part) => {
      const across = Math.ceil(part.n / (shape.across * shape.columns))
      const made = { ...part, before, across }
      before += across * Math.ceil(part.m / (shape.down * shape.rows))
      return made
    })
}

/** Tiles of all parts: workgroups of one iteration of the outer loops. */
export const tilesOf = (k: DotGeneral, shape: TileShape): number => {
  const last = regionsOf(k, shape).at(-1)
  return last === undefined ? 0 : last.before + last.across * Math.ceil(last.m / (shape.down * shape.rows))
}

/** Statements: `rowFrom … depthEnd`, `tileRow`, `tileColumn`, and `o0`, `o1`, … of the outer loops. */
export const partText = (regions: readonly ProductRegion[], shape: TileShape, outer: readonly Loop[]): readonly string[] => {
  const last = regions.at(-1)
  const tiles = last === undefined ? 1 : last.before + last.across * Math.ceil(last.m / (shape.down * shape.rows))
  const lines = [`let tile = group % ${tiles};`]
  let rest = `group / ${tiles}`
  outer.toReversed().forEach((loop, i) => {
    lines.push(`let o${outer.length - 1 - i} = (${rest}) % ${loop.size};`)
    rest = `(${rest}) / ${loop.size}`
  })
  const bounds = ({ m0, m, n0, n, k0, k }: ProductRegion): readonly number[] => [m0, m0 + m, n0, n0 + n, k0, k0 + k]
  const names = ['rowFrom', 'rowEnd', 'columnFrom', 'columnEnd', 'depthFrom', 'depthEnd']
  const [only] = regions
  if (only !== undefined && regions.length === 1)
    return [
      ...lines,
      ...names.map((name, i) => `let ${name} = ${bounds(only)[i]};`),
      `let tileRow = tile / ${only.across};`,
      `let tileColumn = tile % ${only.across};`,
    ]
  // The first part whose tiles reach beyond this one.
  const choose = (of: (r: ProductRegion) => number): string =>
    regions.reduceRight(
      (otherwise, r, i) => (i === regions.length - 1 ? `${of(r)}` : `select(${otherwise}, ${of(r)}, tile < ${regions[i + 1]!.before})`),
      '',
    )
  return [
    ...lines,
    ...names.map((name, i) => `let ${name} = ${choose((r) => bounds(r)[i]!)};`),
    `let local = tile - ${choose((r) => r.before)};`,
    `let across = ${choose((r) => r.across)};`,
    'let tileRow = local / across;',
    'let tileColumn = local % across;',
  ]
}
