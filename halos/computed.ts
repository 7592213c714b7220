/**
 * What is real may overflow where it is computed: e^1000 is a number, but not one in double precision. Every step of a text must stay
 * finite for the log-ratios that occur, which are taken to be within ±10⁴; the enclosures contain the results that are rounded, too.
 */
import { applyPrimitive, type Interval, interpretation, intervals, isReal, mark, runProgram } from '../core/index.ts'
import { around0 } from './findings.ts'
import type { Subject } from './prove.ts'

/** As far as log-ratios go. */
export const far = 1e4

/** Bounds that are infinite, of arguments that are not, are results that may have overflown. */
const overflown = ([low, high, marks = 0]: Interval): Interval => [
  low,
  high,
  marks | (high === Infinity ? mark.plusInfinity : 0) | (low === -Infinity ? mark.minusInfinity : 0),
]
const computed = interpretation<Interval>(intervals.of, (primitive, args) => overflown(applyPrimitive(intervals, primitive, args)))

/** The segment around 0 on which what is computed is surely finite; undefined if there is none. */
export const finiteOn = ({ program, variable, settings }: Subject): Interval | undefined => {
  const open: Interval[] = []
  let todo: Interval[] = [[-far, far]]
  for (let boxes = 0; todo.length > 0; ) {
    const next: Interval[] = []
    for (const [low, high] of todo) {
      if (isReal(runProgram(program, computed, { ...settings, [variable]: [low, high] }))) continue
      const centre = low + (high - low) / 2
      if (high - low < 2 ** -20 * Math.max(1, Math.abs(low)) || ++boxes > 2000) open.push([low, high])
      else next.push([low, centre], [centre, high])
    }
    todo = next
  }
  return open.length === 0 ? [-Infinity, Infinity] : around0(open, [-far, far])
}
