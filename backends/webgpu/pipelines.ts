/** Pipelines, compiled once for each structure of launch and each way its arguments share slabs; all at a time, in parallel. */
import { check, type GpuMachine, type GpuPipeline } from './device.ts'
import { RefusedProgramError } from './errors.ts'
import type { GpuLaunch } from './launch.ts'
import { moduleText } from './shader.ts'

const compute = 0x4 // GPUShaderStage.COMPUTE: the global exists only in browsers

/** Of parameters, and so many memories. */
export const layoutOf = (machine: GpuMachine, memories: number): GPUBindGroupLayout => {
  const known = machine.layouts.get(memories)
  if (known !== undefined) return known
  const made = machine.device.createBindGroupLayout({
    entries: [
      { binding: 0, visibility: compute, buffer: { type: 'uniform', hasDynamicOffset: true } },
      ...Array.from({ length: memories }, (_, i) => ({ binding: 1 + i, visibility: compute, buffer: { type: 'storage' as const } })),
    ],
  })
  machine.layouts.set(memories, made)
  return made
}

/** A structure, the memory that holds each of its arguments, and how many launches run at once. */
interface Wanted {
  readonly launch: GpuLaunch
  readonly homes: readonly number[]
  readonly instances: number
}
interface Described {
  readonly module: GPUShaderModule
  readonly descriptor: GPUComputePipelineDescriptor
}
const described = (machine: GpuMachine, { launch, homes, instances }: Wanted): Described => {
  const { device } = machine
  // What is wrong with the text is said when the pipeline is compiled.
  device.pushErrorScope('validation')
  const module = device.createShaderModule({ code: moduleText(launch, homes, instances) })
  void device.popErrorScope().catch(() => null)
  const layout = device.createPipelineLayout({ bindGroupLayouts: [layoutOf(machine, new Set(homes).size)] })
  return { module, descriptor: { layout, compute: { module, entryPoint: 'main' } } }
}

/** Why a shader does not compile, line by line. */
const refusal = async (
  { description }: GpuMachine,
  { name }: GpuLaunch,
  module: GPUShaderModule,
  cause: unknown,
): Promise<RefusedProgramError> => {
  const { messages } = await module.getCompilationInfo().catch(() => ({ messages: [] }))
  const said = messages.filter(({ type }) => type === 'error').map(({ lineNum, message }) => `line ${lineNum}: ${message}`)
  const why = said.length > 0 ? said.join('; ') : String(cause instanceof Error ? cause.message : cause)
  return new RefusedProgramError(
    `webgpu: ${description} does not compile the kernel '${name}' (${why}): please report this; the wasm backend runs the same program`,
  )
}

const keyOf = ({ launch, homes, instances }: Wanted): string => `${instances}|${homes.join()}|${launch.structure}`

/** Compile it now, without holding up anybody. @throws RefusedProgramError */
export const prepare = (machine: GpuMachine, wanted: Wanted): Promise<GPUComputePipeline> => {
  const key = keyOf(wanted)
  const known = machine.pipelines.get(key)
  if (known !== undefined) return known.compiled
  const { module, descriptor } = described(machine, wanted)
  const compiled = machine.device.createComputePipelineAsync(descriptor).catch(async (cause: unknown) => {
    check(machine)
    throw await refusal(machine, wanted.launch, module, cause)
  })
  const made: GpuPipeline = { ready: undefined, compiled }
  machine.pipelines.set(key, made)
  void compiled.then(
    (pipeline) => {
      made.ready = pipeline
    },
    () => void machine.pipelines.delete(key),
  )
  return compiled
}

/** The pipeline, compiled on the spot where arrays lie otherwise than was expected. */
export const pipelineFor = (machine: GpuMachine, wanted: Wanted): GPUComputePipeline => {
  const key = keyOf(wanted)
  const known = machine.pipelines.get(key)?.ready
  if (known !== undefined) return known
  const ready = machine.device.createComputePipeline(described(machine, wanted).descriptor)
  machine.pipelines.set(key, { ready, compiled: Promise.resolve(ready) })
  return ready
}
