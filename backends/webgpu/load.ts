/**
 * A program on a device: its pipelines, its parameters, and how a run is one command buffer. Where arrays lie is written into the
 * parameters, only where that has changed, so that a step of training, whose state stays where it is, encodes its launches and no more.
 */
import type { Handle } from '../../core/index.ts'
import type { Program } from '../plan/index.ts'
import { type GpuArray, known, make } from './arrays.ts'
import { batches } from './batch.ts'
import { attempt, check, type GpuMachine, growArena, settle, usage } from './device.ts'
import { DeviceLimitError, RefusedProgramError } from './errors.ts'
import type { Style } from './grid.ts'
import type { Spot } from './heap.ts'
import type { GpuArgument, GpuLaunch } from './launch.ts'
import { layoutOf, pipelineFor, prepare } from './pipelines.ts'
import { type Printed, print } from './print.ts'
import { blockOf, constants, mostGroups, widest } from './shader.ts'

export interface LoadedProgram {
  readonly run: (inputs: readonly Handle[]) => Promise<readonly GpuArray[]>
  readonly launches: readonly GpuLaunch[]
  /** How many dispatches a run is. */
  readonly dispatches: number
  /** Elements of the arena. */
  readonly arena: number
}

/** What is dispatched: launches of one structure at once. */
interface LaunchStep {
  readonly launches: readonly GpuLaunch[]
  /** Where the parameters of the first begin, and those of the next, in words. */
  readonly at: number
  readonly block: number
  /** As they lie now; undefined: to be found out. */
  dispatches: readonly Dispatch[] | undefined
}
interface Dispatch {
  readonly pipeline: GPUComputePipeline
  readonly group: GPUBindGroup
  /** In words. */
  readonly at: number
  readonly groups: readonly [number, number]
}

interface Job {
  readonly machine: GpuMachine
  readonly program: Program
  readonly steps: readonly LaunchStep[]
  readonly parameters: Int32Array<ArrayBuffer>
  readonly uniform: GPUBuffer
  /** Bytes of the parameters of a launch that are bound. */
  readonly bound: number
  readonly groups: Map<string, GPUBindGroup>
  /** Where the array of each slot lies, and which steps use it. */
  readonly spots: (Spot | undefined)[]
  readonly users: readonly (readonly User[])[]
  /** Steps whose parameters have changed. */
  readonly dirty: Set<LaunchStep>
}
/** An argument of a launch: of which step, and where its word is. */
interface User {
  readonly step: LaunchStep
  readonly argument: GpuArgument
  readonly word: number
}

export const load = async (machine: GpuMachine, program: Program, style: Style): Promise<LoadedProgram> => {
  check(machine)
  const printed = print(program, style)
  fits(machine, program, printed.arena)
  growArena(machine, printed.arena)
  const job = jobOf(machine, program, printed)
  await compileAll(job)
  await settle(machine)
  let checked = false
  return {
    launches: printed.launches,
    dispatches: job.steps.length,
    arena: printed.arena,
    run: async (given) => {
      check(machine)
      const outputs = place(job, given)
      if (checked) encode(job)
      else
        attempt(
          machine,
          'validation',
          () => encode(job),
          (said) => new RefusedProgramError(`webgpu: ${machine.description} refused the program: ${said}`),
        )
      checked = true
      await soon(machine)
      return outputs
    },
  }
}

/** Refuse what no buffer of the device can hold, before anything is made. */
const fits = ({ device: { limits }, description }: GpuMachine, { inputs, outputs }: Program, arena: number): void => {
  const most = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize)
  const bytes = 4 * Math.max(arena, ...inputs, ...outputs.map(({ size }) => size))
  if (bytes > most)
    throw new DeviceLimitError(
      `webgpu: this program needs ${bytes} bytes in one piece, but ${description} binds at most ${most}: use a smaller model or batch, or the wasm backend`,
    )
}

/** Steps that may be under way at once: one that runs, one that waits. Further ahead, drivers only queue memory. */
const ahead = 2
const soon = async (machine: GpuMachine): Promise<void> => {
  const { flying, device } = machine
  flying.push(device.queue.onSubmittedWorkDone())
  while (flying.length > ahead) await flying.shift()
  if (machine.pending.size > 0) await settle(machine)
}

const jobOf = (machine: GpuMachine, program: Program, { launches }: Printed): Job => {
  const slots = 1 + program.inputs.length + program.outputs.length
  const users = Array.from({ length: slots }, (): User[] => [])
  let end = 0
  const steps = batches(launches).map((batch): LaunchStep => {
    const block = blockOf(batch[0]!.arguments.length)
    const step: LaunchStep = { launches: batch, at: end, block, dispatches: undefined }
    for (const launch of batch) {
      for (const [i, argument] of launch.arguments.entries())
        users[argument.slot]!.push({ step, argument, word: end + constants.length + i })
      end += block
    }
    return step
  })
  const bound = 4 * Math.max(64, ...steps.map((step) => step.launches.length * step.block))
  const bytes = 4 * end + bound
  machine.made++
  const uniform = machine.device.createBuffer({ size: bytes, usage: usage.uniform | usage.copyTarget })
  const parameters = new Int32Array(bytes / 4)
  for (const { at, launches: batch, block } of steps) for (const i of batch.keys()) parameters.set(constants, at + i * block)
  return {
    ...{ machine, program, steps, parameters, uniform, bound, users },
    ...{ groups: new Map(), spots: [], dirty: new Set<LaunchStep>() },
  }
}

// ------------------------------------------------------------------ pipelines

/** All pipelines at once. Where arrays will lie is not known yet: usually all in one slab. */
const compileAll = async ({ machine, steps }: Job): Promise<void> => {
  if (machine.store.slabs.length > 1) return
  await Promise.all(
    steps.map(({ launches }) => {
      const launch = launches[0]!
      return prepare(machine, { launch, homes: launch.arguments.map(() => 0), instances: launches.length })
    }),
  )
}

// ------------------------------------------------------------------ places

/** Tell the program where its inputs are, and its outputs, which are made, or take over what is donated. */
const place = (job: Job, given: readonly Handle[]): readonly GpuArray[] => {
  const { machine, program } = job
  const inputs = given.map((handle, i) => {
    const input = known(machine, handle)
    if (input.size !== program.inputs[i])
      throw new RangeError(`webgpu: input ${i} has ${program.inputs[i]} elements, but ${input.size} were given`)
    const [kept, wanted] = [input.storage, program.storage?.[i]]
    if (kept !== wanted)
      throw new TypeError(`webgpu: input ${i} is kept as ${kept ?? 'float32'}, but the program reads ${wanted ?? 'float32'}`)
    put(job, 1 + i, input.spot)
    return input
  })
  const outputs = program.outputs.map(({ size, donated }, o): GpuArray => {
    const from = donated === undefined ? undefined : inputs[donated]
    const output: GpuArray =
      from === undefined ? make(machine, size) : { size, spot: from.spot, storage: from.storage, home: machine.store }
    if (from !== undefined) from.home = undefined
    put(job, 1 + inputs.length + o, output.spot)
    return output
  })
  if (machine.arena !== undefined) put(job, 0, machine.arena.spot)
  return outputs
}

const put = ({ spots, users, parameters, dirty }: Job, slot: number, spot: Spot): void => {
  const before = spots[slot]
  if (before?.slab === spot.slab && before.offset === spot.offset) return
  spots[slot] = spot
  for (const { step, argument, word } of users[slot]!) {
    parameters[word] = (spot.offset * 4) / (argument.unit ?? 4) + argument.offset
    if (before?.slab !== spot.slab) step.dispatches = undefined
    dirty.add(step)
  }
}

/** The slabs of a launch's arguments, and which of them holds each. */
const homesOf = ({ spots }: Job, launch: GpuLaunch): { readonly slabs: readonly number[]; readonly homes: readonly number[] } => {
  const slabs: number[] = []
  const homes = launch.arguments.map(({ slot }) => {
    const { slab } = spots[slot]!
    const found = slabs.indexOf(slab)
    return found >= 0 ? found : slabs.push(slab) - 1
  })
  return { slabs, homes }
}

/** The dispatches of a step: one, where its launches lie alike in the same slabs. */
const dispatchesOf = (job: Job, { launches, at, block }: LaunchStep): readonly Dispatch[] => {
  const places = launches.map((launch) => homesOf(job, launch))
  const alike = places.every((p) => p.slabs.join() === places[0]!.slabs.join() && p.homes.join() === places[0]!.homes.join())
  const one = (launch: GpuLaunch, i: number, instances: number): Dispatch => {
    const { slabs, homes } = places[i]!
    const groups = launch.groups * instances
    return {
      pipeline: pipelineFor(job.machine, { launch, homes, instances }),
      group: groupOf(job, launch, slabs),
      at: at + i * block,
      groups: groups > mostGroups ? [widest, Math.ceil(groups / widest)] : [groups, 1],
    }
  }
  return alike ? [one(launches[0]!, 0, launches.length)] : launches.map((launch, i) => one(launch, i, 1))
}

const groupOf = ({ machine, groups, uniform, bound }: Job, launch: GpuLaunch, slabs: readonly number[]): GPUBindGroup => {
  const { store, device } = machine
  const most = device.limits.maxStorageBuffersPerShaderStage
  if (slabs.length > most)
    throw new DeviceLimitError(
      `webgpu: kernel '${launch.name}' needs ${slabs.length} buffers at once, but ${machine.description} binds ${most}: use a smaller model or batch`,
    )
  const key = slabs.join()
  const made =
    groups.get(key) ??
    device.createBindGroup({
      layout: layoutOf(machine, slabs.length),
      entries: [
        { binding: 0, resource: { buffer: uniform, size: bound } },
        ...slabs.map((slab, i) => ({ binding: 1 + i, resource: { buffer: store.slabs[slab]! } })),
      ],
    })
  groups.set(key, made)
  return made
}

// ------------------------------------------------------------------ a run

const encode = (job: Job): void => {
  const { machine, steps, dirty, parameters, uniform } = job
  const { device } = machine
  for (const step of dirty) {
    step.dispatches ??= dispatchesOf(job, step)
    device.queue.writeBuffer(uniform, 4 * step.at, parameters, step.at, step.launches.length * step.block)
  }
  dirty.clear()
  const encoder = device.createCommandEncoder()
  const pass = encoder.beginComputePass()
  let current: GPUComputePipeline | undefined
  for (const { dispatches = [] } of steps)
    for (const { pipeline, group, at, groups } of dispatches) {
      if (groups[0] === 0) continue
      if (pipeline !== current) pass.setPipeline(pipeline)
      current = pipeline
      pass.setBindGroup(0, group, [4 * at])
      pass.dispatchWorkgroups(groups[0], groups[1])
    }
  pass.end()
  device.queue.submit([encoder.finish()])
}
