/**
 * What is real may overflow where it is computed: e^1000 is a number, but not one in double precision. Every step of a text must stay
 * finite for the log-ratios that occur, which are taken to be within ±10⁴; the enclosures contain the results that are rounded, too.
 */
import { interpretation } from '../core/index.ts'
import { applyPrimitive, type Interval, intervals, isReal, mark } from '../core/internal.ts'
import { runProgram } from './program.ts'
import { march, type ProofSubject } from './prove.ts'

/** As far as log-ratios go. */
export const far = 1e4

/** Bounds that are infinite, of arguments that are not, are results that may have overflown. */
const overflown = ([low, high, marks = 0]: Interval): Interval => [
  low,
  high,
  marks | (high === Infinity ? mark.plusInfinity : 0) | (low === -Infinity ? mark.minusInfinity : 0),
]
const computed = interpretation<Interval>(intervals.of, (primitive, args) => overflown(applyPrimitive(intervals, primitive, args)))

/** The segment around 0 on which what is computed is surely finite: the line, if it is as far as log-ratios go; undefined if there is none. */
export const finiteOn = ({ program, variable, settings }: ProofSubject): Interval | undefined => {
  const holds = (box: Interval): boolean => isReal(runProgram(program, computed, { ...settings, [variable]: box }))
  const [down, up] = [march((x, y) => holds([-y, -x]), far), march((x, y) => holds([x, y]), far)]
  if (down === 0 || up === 0) return undefined
  return [down === far ? -Infinity : -down, up === far ? Infinity : up]
}
