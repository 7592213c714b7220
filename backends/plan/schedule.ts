/**
 * How a rows kernel becomes passes over its inner axis.
 *
 *     phase(value) = the number of row reductions on its longest path
 *
 * Pass p computes the full values of phase p; reductions end a pass. What a later pass needs of an earlier one is loaded
 * again, recomputed when that is cheap, read back from where it was stored, or stashed in a row of scratch.
 */
import type { Elementary } from '../../core/internal.ts'
import type { FusedKernel, Indirect, Instruction } from './program.ts'

/** Which instructions are full: they run for every inner index, the others once a row. */
export const fullness = ({ body, streams }: Pick<FusedKernel, 'body' | 'streams'>): readonly boolean[] => {
  const full: boolean[] = []
  const moving = (stream: number, at: Indirect | undefined): boolean =>
    streams[stream]!.inner !== 0 || (at !== undefined && full[at.index]!)
  const varies = (i: Instruction): boolean => {
    switch (i.op) {
      case 'primitive':
        return i.args.some((arg) => full[arg])
      case 'load':
        return moving(i.stream, i.at) || i.guards?.some((guard) => guard.loop < 0) === true
      case 'store':
        return moving(i.stream, i.at) || full[i.arg]!
      case 'iota':
        return i.loop < 0
      case 'random':
        return i.inner !== 0 || full[i.key]!
      default:
        return false
    }
  }
  for (const i of body) full.push(varies(i))
  return full
}

/** What is done at every position of a sweep along the inner axis, in this order. */
export interface Step {
  /** compute: run the instruction. read: from where this register was stashed (or stored). stash: keep for a later pass. fold: into a reduction. */
  readonly do: 'compute' | 'read' | 'stash' | 'fold' | 'store'
  readonly register: number
}
export interface SchedulePass {
  /** Once a row, before the sweep: instructions that are not full, finished reductions among them. */
  readonly before: readonly number[]
  readonly sweep: readonly Step[]
}
export interface KernelSchedule {
  readonly full: readonly boolean[]
  readonly passes: readonly SchedulePass[]
  /** Registers which keep a row of scratch each. */
  readonly stashed: readonly number[]
  /** Registers which a later pass reads back from a stream that stored them. */
  readonly stored: ReadonlyMap<number, number>
}

/** Rough costs, in cycles a vector: beyond `worth` it is cheaper on a CPU to remember than to compute again. */
const effort: { readonly [W in Elementary]?: number } = { div: 5, sqrt: 5, exp: 15, log: 15, sin: 20, cos: 20 }
const worth = 6

/** What is known of the registers of a kernel before it is cut into passes. */
interface ScheduleState {
  readonly body: readonly Instruction[]
  readonly full: readonly boolean[]
  /** For each register, those that it is computed from. */
  readonly needs: readonly (readonly number[])[]
  readonly phase: readonly number[]
  /** What it takes to compute a register again. */
  readonly cost: readonly number[]
  /** Beyond this cost it is remembered instead. */
  readonly most: number
  readonly stored: ReadonlyMap<number, number>
  /** Registers that a later pass reads back, rather than computing them again. */
  readonly remembered: Set<number>
}

/**
 * The passes of a kernel. `overwritten(stream)`: the kernel itself writes to that memory, so it can only be loaded at first. What costs more
 * than `most` is remembered.
 */
export const schedule = (kernel: FusedKernel, overwritten: (stream: number) => boolean, most = worth): KernelSchedule => {
  const { body } = kernel
  const full = fullness(kernel)
  const needs = body.map(needsOf)
  const phase = phasesOf(body, needs)
  const stored = storedOf(kernel, full, phase)
  const cost = costsOf(body, full, needs, overwritten)
  const s: ScheduleState = { body, full, needs, phase, cost, stored, most, remembered: new Set() }
  const count = Math.max(...phase) + 1
  const sweeps: (readonly Step[])[] = []
  for (let pass = count - 1; pass >= 0; pass--) sweeps[pass] = sweepOf(s, pass) // the last first: it decides what the earlier ones remember
  const passes = sweeps.map((sweep, pass) => ({ before: body.flatMap((_, r) => (!full[r] && phase[r] === pass ? [r] : [])), sweep }))
  const stashed = [...s.remembered].filter((r) => !stored.has(r))
  return { full, passes, stashed, stored: new Map([...stored].filter(([r]) => s.remembered.has(r))) }
}

const needsOf = (i: Instruction): readonly number[] => {
  const index = 'at' in i && i.at !== undefined ? [i.at.index] : []
  if (i.op === 'primitive') return i.args
  if (i.op === 'reduce') return [i.arg]
  if (i.op === 'random') return [i.key]
  return i.op === 'store' ? [i.arg, ...index] : index
}
const phasesOf = (body: readonly Instruction[], needs: readonly (readonly number[])[]): readonly number[] => {
  const phase: number[] = []
  for (const [r, i] of body.entries()) phase.push(needs[r]!.reduce((p, x) => Math.max(p, phase[x]! + (i.op === 'reduce' ? 1 : 0)), 0))
  return phase
}
const costsOf = (
  body: readonly Instruction[],
  full: readonly boolean[],
  needs: readonly (readonly number[])[],
  overwritten: (stream: number) => boolean,
): readonly number[] => {
  const own = (i: Instruction): number => {
    if (i.op === 'primitive') return effort[i.primitive] ?? 1
    if (i.op === 'load') return overwritten(i.stream) ? Infinity : 1
    return i.op === 'random' ? 20 : 0
  }
  const cost: number[] = []
  for (const [r, i] of body.entries()) cost.push(full[r] ? needs[r]!.reduce((c, x) => c + cost[x]!, own(i)) : 0)
  return cost
}
/** Registers that lie contiguously in a stream as soon as they are known, with that stream. */
const storedOf = ({ body, streams }: FusedKernel, full: readonly boolean[], phase: readonly number[]): ReadonlyMap<number, number> => {
  const stored = new Map<number, number>()
  for (const [r, i] of body.entries()) {
    if (i.op !== 'store' || !full[i.arg] || i.merge !== undefined || i.at !== undefined) continue
    if (streams[i.stream]!.inner === 1 && phase[r] === phase[i.arg]) stored.set(i.arg, i.stream)
  }
  return stored
}

/** What is done along the inner axis in one pass. Notes what earlier passes must remember for it. */
const sweepOf = ({ body, full, needs, phase, cost, most, stored, remembered }: ScheduleState, pass: number): readonly Step[] => {
  const computed = new Set<number>()
  const read = new Set<number>()
  const visit = (r: number): void => {
    if (!full[r] || computed.has(r) || read.has(r)) return
    if (phase[r]! < pass && cost[r]! > most) {
      remembered.add(r)
      read.add(r)
    } else {
      needs[r]!.forEach(visit)
      computed.add(r)
    }
  }
  const folds = body.flatMap((i, r) => (i.op === 'reduce' && phase[i.arg] === pass ? [r] : []))
  const stores = body.flatMap((i, r) => (i.op === 'store' && full[r] && phase[r] === pass ? [r] : []))
  const keep = [...remembered].filter((r) => phase[r] === pass)
  for (const r of [...folds, ...stores]) needs[r]!.forEach(visit)
  keep.forEach(visit)
  const steps: readonly (Step & { readonly after: number })[] = [
    ...[...read].map((register) => ({ do: 'read', register, after: -1 }) as const),
    ...[...computed].map((register) => ({ do: 'compute', register, after: register }) as const),
    ...keep.filter((r) => !stored.has(r)).map((register) => ({ do: 'stash', register, after: register }) as const),
    ...folds.map((register) => ({ do: 'fold', register, after: register }) as const),
    ...stores.map((register) => ({ do: 'store', register, after: register }) as const),
  ]
  return [...steps].sort((a, b) => a.after - b.after)
}
