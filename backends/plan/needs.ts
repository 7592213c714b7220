/** What the values as a whole say before any kernel is formed: what must be in memory, where rows reduce. */
import type { Shape } from '../../core/index.ts'
import { factors } from './contractions.ts'
import { has, readersOf, type Value } from './value.ts'

/** The axes over which a value is computed. */
export const spaceOf = (x: Value): Shape =>
  x.op.tag === 'reduce'
    ? x.from[0]!.shape
    : x.op.tag === 'scatter' || x.op.tag === 'update'
      ? { ...x.from[0]!.shape, ...x.from[1]!.shape }
      : x.shape
/** A name for a set of axes with their sizes. */
export const spaceKey = (space: Shape): string => Object.entries(space).sort().join()
/** Is the value made of its arguments where they are? */
export const inPlace = ({ op }: Value): boolean => op.tag === 'accumulate' || op.tag === 'flatten' || op.tag === 'assemble'
/** Does the accumulation start as a copy? */
export const starts = ({ from }: Value): boolean => from.some((x) => x.op.tag === 'copy')

/** What must be in memory, whatever kernels make of the rest. */
export const neededIn = (values: readonly Value[], outputs: readonly Value[], contractions: ReadonlySet<Value>): Set<Value> => {
  const needed = new Set([...outputs, ...contractions, ...[...contractions].flatMap(factors)])
  for (const x of values)
    if (inPlace(x)) for (const y of x.from) needed.add(y)
    else if (x.op.tag === 'view' || x.op.tag === 'take') needed.add(x.from[0]!)
  return needed
}

/**
 * Spaces in which some reduction meets its own axis again (softmax, layer norm), as `space/axis`: there, other reductions
 * over that axis may as well be row reductions.
 */
export const rowReductions = (values: readonly Value[], contractions: ReadonlySet<Value>): ReadonlySet<string> => {
  const readers = readersOf(values)
  const known = new Map<string, boolean>()
  /** Do primitives on x come back to the axis? */
  const meets = (x: Value, axis: string): boolean => {
    const key = `${x.id}/${axis}`
    const found = known.get(key) ?? (readers.get(x) ?? []).some((y) => y.op.tag === 'primitive' && (has(y, axis) || meets(y, axis)))
    known.set(key, found)
    return found
  }
  const spaces = new Set<string>()
  for (const x of values) {
    const [axis, ...others] = x.op.tag === 'reduce' && !contractions.has(x) ? x.op.over : []
    if (axis !== undefined && others.length === 0 && meets(x, axis)) spaces.add(`${spaceKey(spaceOf(x))}/${axis}`)
  }
  return spaces
}
