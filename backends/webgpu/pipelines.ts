/** Pipelines, compiled once for each structure of launch and each way its arguments share slabs; all at a time, in parallel. */
import type { GpuMachine, GpuPipeline } from './device.ts'
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

const descriptor = (
  machine: GpuMachine,
  launch: GpuLaunch,
  homes: readonly number[],
): GPUComputePipelineDescriptor & { readonly code: string } => {
  const code = moduleText(launch, homes)
  const module = machine.device.createShaderModule({ code })
  const layout = machine.device.createPipelineLayout({ bindGroupLayouts: [layoutOf(machine, new Set(homes).size)] })
  return { layout, compute: { module, entryPoint: 'main' }, label: launch.name, code }
}

const keyOf = ({ structure }: GpuLaunch, homes: readonly number[]): string => `${homes.join()}|${structure}`

/** Compile it now, without holding up anybody. @throws RefusedProgramError */
export const prepare = (machine: GpuMachine, launch: GpuLaunch, homes: readonly number[]): Promise<GPUComputePipeline> => {
  const key = keyOf(launch, homes)
  const known = machine.pipelines.get(key)
  if (known !== undefined) return known.compiled
  const { code, ...description } = descriptor(machine, launch, homes)
  const compiled = machine.device.createComputePipelineAsync(description).catch((cause: unknown) => {
    const { message } = cause instanceof Error ? cause : new Error(String(cause))
    throw new RefusedProgramError(`webgpu: ${machine.description} does not compile the kernel '${launch.name}': ${message}\n${code}`)
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
export const pipelineFor = (machine: GpuMachine, launch: GpuLaunch, homes: readonly number[]): GPUComputePipeline => {
  const key = keyOf(launch, homes)
  const known = machine.pipelines.get(key)?.ready
  if (known !== undefined) return known
  const { code: _, ...description } = descriptor(machine, launch, homes)
  const ready = machine.device.createComputePipeline(description)
  machine.pipelines.set(key, { ready, compiled: Promise.resolve(ready) })
  return ready
}
