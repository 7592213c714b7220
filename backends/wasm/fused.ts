/**
 * A rows kernel as code. Loops carry a pointer for every stream; within a row, each pass of the schedule sweeps the inner
 * axis four lanes at a time, and the last size mod 4 elements once more with fewer lanes. Values that are one number a row fill
 * all lanes of a vector, so there is one way to print a primitive.
 *
 * Several vectors are swept side by side, step by step: each step of a vector waits for the one before, but not for those of its neighbours.
 */
import type { FusedKernel, Instruction } from '../plan/program.ts'
import type { Pass, Schedule } from '../plan/schedule.ts'
import { access, type Moves } from './access.ts'
import { type Local, type Locals, least, pin, range, seq, when } from './control.ts'
import { type Code, f32, f32x4, i32, i32x4 } from './instructions.ts'
import { bytesOf, type Fold, fold, type Lanes, loadLanes, storeLanes } from './lanes.ts'
import { draw, stream } from './math.ts'
import { type Primitives, primitives } from './primitives.ts'

/** What surrounds the code of a kernel. */
export interface Frame {
  /** Of each stream: its first element. They are moved. */
  readonly pointers: readonly Local<'i32'>[]
  /** Where this thread may stash rows. */
  readonly scratch: Local<'i32'>
  /** The axis of which only from ≤ index < to is for this thread: a loop by its number, the inner axis (−1), or none. */
  readonly shared: number | undefined
  readonly from: Local<'i32'>
  readonly to: Local<'i32'>
}

/** Floats of scratch for the rows that a thread stashes. */
export const remembered = ({ inner }: FusedKernel, { stashed }: Schedule): number => stashed.length * padded(inner.size)
const padded = (size: number): number => (size + 3) & ~3

/** The code of a (simplified) kernel. */
export const fusedKernel = (locals: Locals, kernel: FusedKernel, plan: Schedule, { pointers, scratch, shared, from, to }: Frame): Code => {
  const { body, loops, inner, streams, triangle } = kernel
  const { full, passes, stashed, stored } = plan
  const index = loops.map(() => locals('i32'))
  const at = locals('i32') // the position along the inner axis, in bytes
  const limit = locals('i32')
  const [whole, groups] = [locals('i32'), locals('i32')]
  const memory = access(locals, kernel, full, { pointers, index, at })
  const row = body.map((i) => (i.op === 'constant' || i.op === 'store' ? undefined : locals('v128')))
  /** One of the vectors that are swept side by side, so many ahead of the first: where it keeps its registers, and how it says and stores them. */
  const vector = (ahead: number): Vector => {
    const registers = row.map((known, r) => (known !== undefined && full[r] && ahead > 0 ? locals('v128') : known))
    const kept = (r: number): Local<'v128'> => registers[r]!
    const said = primitives(locals, body, kept)
    return { ahead, kept, ...said, ...memory.vector({ ahead, kept, value: said.value }) }
  }
  const vectors = Array.from({ length: Math.max(...passes.map((pass) => unroll(kernel, pass).vectors)) }, (_, ahead) => vector(ahead))
  const first = vectors[0]!
  const { kept, primitive } = first

  // ---------------------------------------------------------------- random numbers
  const random = { stream: stream(locals), draw: draw(locals) }
  const draws = body.map((i) => (i.op === 'random' ? { hash: locals('v128'), counter: locals('i32') } : undefined))
  const hash = (i: Random, r: number, { value }: Vector): Code => draws[r]!.hash.set(random.stream(value(i.key), i.salt))
  const drawn = (i: Random, r: number, { ahead }: Vector): Code<'v128'> => {
    const start = i32.add(draws[r]!.counter.get, i32.mul(i32.shr_u(at.get, i32.const(2)), i32.const(i.inner)))
    const positions = [0, 1, 2, 3].map((lane) => (4 * ahead + lane) * i.inner) as [number, number, number, number]
    return random.draw(draws[r]!.hash.get, i32x4.add(i32x4.splat(full[r] ? start : draws[r]!.counter.get), i32x4.const(...positions)))
  }

  // ---------------------------------------------------------------- once a row
  const keyed = body.flatMap((i, r) => (i.op === 'random' ? [[i, r] as const] : []))
  /** What becomes possible once a row's register is known. */
  const known = (r: number): Code =>
    seq(...keyed.flatMap(([i, user]) => (i.key === r ? [hash(i, user, first)] : [])), memory.known(r, first.value))
  const once = (r: number): Code => {
    const i = body[r]!
    switch (i.op) {
      case 'load':
        return first.load(i, r, 1)
      case 'store':
        return first.store(i, r, 1)
      case 'iota':
        return kept(r).set(f32x4.convert_i32x4_s(i32x4.splat(index[i.loop]!.get)))
      case 'primitive':
        return kept(r).set(primitive(i))
      case 'random':
        return kept(r).set(drawn(i, r, first))
      default:
        return seq()
    }
  }

  /** What is computed once a row and read along it. (What is loaded stays where it is.) */
  const computed = (r: number): boolean => ['primitive', 'reduce', 'iota'].includes(body[r]!.op) && !full[r]
  const swept = new Set(body.flatMap((i, r) => (i.op === 'primitive' && full[r] ? i.args.filter(computed) : [])))

  // ---------------------------------------------------------------- along the row
  const stash = (r: number): Code<'i32'> => i32.add(i32.add(scratch.get, i32.const(4 * padded(inner.size) * stashed.indexOf(r))), at.get)
  const step = ({ do: what, register: r }: Pass['sweep'][number], lanes: Lanes, v: Vector, sum: Fold | undefined): Code => {
    const i = body[r]!
    const { ahead, kept, primitive, value, restore } = v
    if (what === 'stash') return storeLanes(stash(r), kept(r), lanes, 16 * ahead)
    if (what === 'read')
      return kept(r).set(stored.has(r) ? restore(r, v.read(stored.get(r)!, lanes)) : loadLanes(stash(r), lanes, 16 * ahead))
    switch (i.op) {
      case 'load':
        return v.load(i, r, lanes)
      case 'store':
        return v.store(i, r, lanes)
      case 'iota': {
        const lane = 4 * ahead
        const position = f32x4.splat(f32.convert_i32_s(i32.shr_u(at.get, i32.const(2))))
        return kept(r).set(f32x4.add(position, f32x4.const(lane, lane + 1, lane + 2, lane + 3)))
      }
      case 'primitive':
        return kept(r).set(primitive(i))
      case 'random':
        return seq(full[i.key] ? hash(i, r, v) : seq(), kept(r).set(drawn(i, r, v)))
      case 'reduce':
        return sum!.take(value(i.arg), lanes)
      default:
        return seq()
    }
  }
  const sweep = (pass: Pass): Code => {
    const steps = pass.sweep
    if (steps.length === 0) return seq()
    const { vectors: count, sums: different } = unroll(kernel, pass)
    const folds = steps.filter((s) => s.do === 'fold').map((s) => s.register)
    const monoid = (r: number) => (body[r] as Extract<Instruction, { op: 'reduce' }>).merge // folds are reductions
    const sums = Array.from({ length: different }, (_, n) => {
      return new Map(folds.map((r) => [r, fold(locals, monoid(r), n === 0 ? kept(r) : locals('v128'))]))
    })
    const section = (lanes: Lanes, among: readonly Vector[] = [first]): Code =>
      seq(...steps.flatMap((s) => among.map((v) => step(s, lanes, v, sums[v.ahead % different]!.get(s.register)))))
    return seq(
      ...sums.flatMap((mine) => [...mine.values()].map(({ begin }) => begin)),
      along(section, vectors.slice(0, count)),
      ...sums.slice(1).flatMap((mine) => folds.map((r) => sums[0]!.get(r)!.join(mine.get(r)!))),
      ...folds.map((r) => sums[0]!.get(r)!.end),
    )
  }
  /** The loop over the inner axis: several vectors at a time, single ones, and then the rest. */
  const along = (section: (lanes: Lanes, among?: readonly Vector[]) => Code, among: readonly Vector[]): Code => {
    const rest = (inner.size & 3) as 0 | Lanes // 0 … 3
    const [start, end] = shared === -1 ? [from.get, to.get] : [i32.const(0), triangle === undefined ? i32.const(inner.size) : limit.get]
    const fixed = shared !== -1 && triangle === undefined
    if (fixed && inner.size < 8)
      return seq(
        at.set(i32.const(0)),
        inner.size >= 4 ? section(4) : seq(),
        at.set(i32.const(inner.size & 4 ? 16 : 0)),
        rest === 0 ? seq() : section(rest),
      )
    const bytes = (elements: Code<'i32'>): Code<'i32'> => i32.shl(elements, i32.const(2))
    const stride = 16 * among.length
    // Threads share the inner axis in multiples of 16 elements.
    const exact = among.length === 1 || [inner.size, triangle?.block ?? 0].every((size) => (4 * size) % stride === 0)
    const prepare = seq(
      whole.set(bytes(i32.and(end, i32.const(-4)))),
      groups.set(exact ? whole.get : i32.add(bytes(start), i32.and(i32.sub(whole.get, bytes(start)), i32.const(-stride)))),
    )
    const odd = triangle !== undefined && triangle.block % 4 !== 0
    const last = (lanes: Lanes): Code => when(fixed ? i32.const(1) : i32.and(end, i32.const(3)), seq(at.set(whole.get), section(lanes)))
    return seq(
      prepare,
      range(at, bytes(start), groups.get, stride, section(4, among)),
      exact ? seq() : range(at, groups.get, whole.get, 16, section(4)),
      odd ? range(at, whole.get, bytes(end), 4, section(1)) : rest === 0 ? seq() : last(rest),
    )
  }

  // ---------------------------------------------------------------- the nest
  const line = seq(
    ...(triangle === undefined
      ? []
      : [
          limit.set(
            i32.mul(i32.add(i32.div_u(index[triangle.loop]!.get, i32.const(triangle.block)), i32.const(1)), i32.const(triangle.block)),
          ),
          limit.set(least(limit.get, i32.const(inner.size))),
        ]),
    memory.open,
    ...passes.flatMap((pass) => [...pass.before.map((r) => seq(once(r), swept.has(r) ? pin(kept(r)) : seq(), known(r))), sweep(pass)]),
  )
  const moving = (l: number): readonly (readonly [Local<'i32'>, number])[] => [
    ...streams.map((s, j) => [pointers[j]!, bytesOf(s.storage) * s.outer[l]!] as const),
    ...body.flatMap((i, r) => (i.op === 'random' ? [[draws[r]!.counter, i.outer[l]!] as const] : [])),
  ]
  const move = (l: number, times: Code<'i32'> | undefined): Code =>
    seq(
      ...moving(l)
        .filter(([, by]) => by !== 0)
        .map(([p, by]) => p.set(i32.add(p.get, times === undefined ? i32.const(by) : i32.mul(times, i32.const(by))))),
    )
  const nest = (l: number): Code => {
    if (l === loops.length) return line
    const [first, last] = shared === l ? [from.get, to.get] : [i32.const(0), i32.const(loops[l]!.size)]
    return seq(
      shared === l ? move(l, first) : seq(),
      range(index[l]!, first, last, 1, seq(nest(l + 1), move(l, undefined))),
      l === 0 ? seq() : move(l, i32.sub(i32.const(0), last)),
    )
  }
  return seq(...body.flatMap((i, r) => (i.op === 'random' ? [draws[r]!.counter.set(i32.const(i.offset))] : [])), nest(0))
}
type Random = Extract<Instruction, { op: 'random' }>
interface Vector extends Primitives, Moves {
  readonly ahead: number
  readonly kept: (register: number) => Local<'v128'>
}

/**
 * How many vectors a pass sweeps side by side, and into how many different sums: those wait for each other, too. Two vectors hide half of
 * what is to be hidden (a processor waits for a few dozen instructions at once, and eʳ alone is a chain of thirty), eight need too many
 * registers. Roots are computed one after the other whatever else there is: nothing hides that.
 */
const unroll = ({ body, inner }: FusedKernel, { sweep }: Pass): { readonly vectors: number; readonly sums: number } => {
  const folds = sweep.filter((s) => s.do === 'fold').length
  const some = (f: (i: Instruction) => boolean): boolean => sweep.some(({ register }) => f(body[register]!))
  const heavy = some((i) => i.op === 'random' || isPrimitive(i, 'exp', 'log', 'sin', 'cos', 'div', 'sqrt'))
  const sums = folds === 0 || heavy || inner.size < 32 ? 1 : inner.size < 64 || folds > 1 ? 2 : 4
  const alone = some((i) => branches(i) || isPrimitive(i, 'sqrt')) || inner.size < (heavy ? 16 : 64)
  return { vectors: alone ? sums : 4, sums }
}
/** Does it branch, or go where numbers send it? */
const branches = (i: Instruction): boolean => ('at' in i && i.at !== undefined) || ('guards' in i && i.guards !== undefined)
const isPrimitive = (i: Instruction, ...primitives: readonly string[]): boolean => i.op === 'primitive' && primitives.includes(i.primitive)
