/**
 * A program on a device: its pipelines, its parameters, and how a run is one command buffer. Where arrays lie is written into the
 * parameters, only where that has changed, so that a step of training, whose state stays where it is, encodes its launches and no more.
 */
import type { Handle } from '../../core/index.ts'
import type { Program } from '../plan/index.ts'
import { type GpuArray, known, make } from './arrays.ts'
import { attempt, check, type GpuMachine, growArena, settle, usage } from './device.ts'
import { DeviceLimitError, RefusedProgramError } from './errors.ts'
import type { Style } from './grid.ts'
import type { Spot } from './heap.ts'
import type { GpuLaunch } from './launch.ts'
import { layoutOf, pipelineFor, prepare } from './pipelines.ts'
import { type Printed, print } from './print.ts'
import { constants, mostGroups, widest, words } from './shader.ts'

export interface LoadedProgram {
  readonly run: (inputs: readonly Handle[]) => Promise<readonly GpuArray[]>
  readonly launches: readonly GpuLaunch[]
  /** Elements of the arena. */
  readonly arena: number
}

/** A launch, ready to be encoded. */
interface LaunchStep {
  readonly launch: GpuLaunch
  /** Where its parameters begin, in words. */
  readonly at: number
  readonly groups: readonly [number, number]
  /** Which memory holds each argument, and the slabs that those are. */
  homes: readonly number[]
  slabs: readonly number[]
  pipeline: GPUComputePipeline | undefined
  group: GPUBindGroup | undefined
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
  readonly users: readonly (readonly LaunchStep[])[]
  /** Steps whose parameters have changed. */
  readonly dirty: Set<LaunchStep>
}

/** Parameters of a launch begin at multiples of so many words: what dynamic offsets must be. */
const stride = 64

export const load = async (machine: GpuMachine, program: Program, style: Style): Promise<LoadedProgram> => {
  check(machine)
  const printed = print(program, style)
  growArena(machine, printed.arena)
  const job = jobOf(machine, program, printed)
  await compileAll(job)
  await settle(machine)
  let checked = false
  return {
    launches: printed.launches,
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
  const users = Array.from({ length: slots }, (): LaunchStep[] => [])
  let end = 0
  const steps = launches.map((launch): LaunchStep => {
    const { groups } = launch
    const at = end
    end += Math.ceil(words(launch.arguments.length) / stride) * stride
    const step: LaunchStep = {
      ...{ launch, at, homes: [], slabs: [], pipeline: undefined, group: undefined },
      groups: groups > mostGroups ? [widest, Math.ceil(groups / widest)] : [groups, 1],
    }
    for (const slot of new Set(launch.arguments.map((a) => a.slot))) users[slot]!.push(step)
    return step
  })
  const bound = 4 * Math.max(4, ...launches.map((launch) => words(launch.arguments.length)))
  const bytes = 4 * end + bound
  machine.made++
  const uniform = machine.device.createBuffer({ size: bytes, usage: usage.uniform | usage.copyTarget })
  const parameters = new Int32Array(bytes / 4)
  for (const { at } of steps) parameters.set(constants, at)
  return {
    ...{ machine, program, steps, parameters, uniform, bound, users },
    ...{ groups: new Map(), spots: [], dirty: new Set<LaunchStep>() },
  }
}

// ------------------------------------------------------------------ pipelines

/** All pipelines at once. Where arrays will lie is not known yet: usually all in one slab. */
const compileAll = async ({ machine, steps }: Job): Promise<void> => {
  const homes = (step: LaunchStep): readonly number[] => step.launch.arguments.map(() => 0)
  if (machine.store.slabs.length === 1) await Promise.all(steps.map((step) => prepare(machine, step.launch, homes(step))))
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
  for (const step of users[slot]!) {
    step.launch.arguments.forEach((a, i) => {
      if (a.slot === slot) parameters[step.at + constants.length + i] = (spot.offset * 4) / (a.unit ?? 4) + a.offset
    })
    if (before?.slab !== spot.slab) step.pipeline = undefined
    dirty.add(step)
  }
}

/** Bind what a step has in the slabs where it is now. */
const bind = (job: Job, step: LaunchStep): void => {
  const { machine, spots, groups, uniform, bound } = job
  const { store, device } = machine
  const { launch } = step
  const slabs: number[] = []
  step.homes = launch.arguments.map(({ slot }) => {
    const { slab } = spots[slot]!
    const found = slabs.indexOf(slab)
    return found >= 0 ? found : slabs.push(slab) - 1
  })
  step.slabs = slabs
  const most = device.limits.maxStorageBuffersPerShaderStage
  if (slabs.length > most)
    throw new DeviceLimitError(
      `webgpu: kernel '${launch.name}' needs ${slabs.length} buffers at once, but ${machine.description} binds ${most}: use a smaller model or batch`,
    )
  step.pipeline = pipelineFor(machine, launch, step.homes)
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
  step.group = made
}

// ------------------------------------------------------------------ a run

const encode = (job: Job): void => {
  const { machine, steps, dirty, parameters, uniform } = job
  const { device } = machine
  for (const step of dirty) {
    if (step.pipeline === undefined) bind(job, step)
    device.queue.writeBuffer(uniform, 4 * step.at, parameters, step.at, words(step.launch.arguments.length))
  }
  dirty.clear()
  const encoder = device.createCommandEncoder()
  const pass = encoder.beginComputePass()
  let pipeline: GPUComputePipeline | undefined
  for (const step of steps) {
    if (step.groups[0] === 0 || step.pipeline === undefined || step.group === undefined) continue
    if (step.pipeline !== pipeline) pass.setPipeline(step.pipeline)
    pipeline = step.pipeline
    pass.setBindGroup(0, step.group, [4 * step.at])
    pass.dispatchWorkgroups(step.groups[0], step.groups[1])
  }
  pass.end()
  device.queue.submit([encoder.finish()])
}
