/**
 * State that changes in one place is written in that place: the memory of keys and values grows by a token in constant time.
 *
 *     where(iota p = t, x, state)   over the donated state   →   state[p = t] ← x
 *
 * A position outside the axis changes nothing, as in the formula: then the element that is there is written again.
 */
import type { Graph } from '../../core/index.ts'
import { varying } from './expand.ts'
import { builder, type Expressions, expressions, has, readersOf, type Value } from './value.ts'

/** The same, with such expressions as updates. */
export const update = (graph: Graph, given: Expressions): Expressions => {
  const { outputs, values } = given
  const candidates = [...graph.donated].flatMap(([o, i]) => {
    const found = selection(outputs[o]!, i)
    if (found === undefined) return []
    // In the same memory means in the same order, too.
    const order = Object.keys(varying(graph.outputs[o]!.shape)).join()
    return found.state.axes.join() === order ? [{ whole: outputs[o]!, ...found }] : []
  })
  if (candidates.length === 0) return given
  const build = builder()
  const readers = readersOf(values)
  // Nobody else may read the state as it was, nor may it be an output twice.
  const updates = new Map(
    candidates
      .filter(
        ({ whole, state }) =>
          readers.get(state)?.length === 1 && !outputs.includes(state) && outputs.indexOf(whole) === outputs.lastIndexOf(whole),
      )
      .map((candidate) => [candidate.whole, candidate]),
  )
  const to = new Map<Value, Value>()
  for (const x of values) {
    const made = updates.get(x)
    if (made === undefined) {
      const from = x.from.map((y) => to.get(y)!)
      to.set(x, build.rebuild(x, from))
    } else {
      const [position, value] = [to.get(made.position)!, to.get(made.value)!]
      const { constant, apply } = build
      const last = constant(x.shape[made.axis]! - 1)
      const inside = apply('max', [constant(0), apply('where', [apply('less', [position, last]), position, last])])
      const { [made.axis]: _, ...rest } = x.shape
      const there = build.make({ tag: 'take', axis: made.axis }, [to.get(made.state)!, inside], { ...inside.shape, ...rest })
      const next = apply('where', [apply('equal', [inside, position]), value, there])
      to.set(x, build.make({ tag: 'update', axis: made.axis }, [next, inside], x.shape))
    }
  }
  return expressions(outputs.map((x) => to.get(x)!))
}

interface UpdateSelection {
  readonly axis: string
  readonly position: Value
  readonly value: Value
  readonly state: Value
}
/** where(iota axis = position, value, input i), with one position for all, and a value for it alone. */
const selection = ({ op, from: [chosen, value, state] }: Value, input: number): UpdateSelection | undefined => {
  if (op.tag !== 'primitive' || op.primitive !== 'where' || state?.op.tag !== 'input' || state.op.index !== input) return undefined
  if (chosen?.op.tag !== 'primitive' || chosen.op.primitive !== 'equal') return undefined
  const [a, b] = chosen.from
  const [iota, position] = a?.op.tag === 'iota' ? [a, b] : [b, a]
  if (iota?.op.tag !== 'iota' || position === undefined || position.axes.length > 0 || position.free) return undefined
  const { axis } = iota.op
  return has(state, axis) && !has(value!, axis) ? { axis, position, value: value!, state } : undefined
}
