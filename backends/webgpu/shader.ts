/**
 * A launch as a WGSL module: memories (slabs) at bindings 1, 2, …, and the launch's parameters at binding 0.
 *
 *     parameters = [bits of ∞, bits of NaN, where argument 0 begins, where argument 1 begins, …]
 */
import { functionsFor } from './functions.ts'
import type { GpuLaunch } from './launch.ts'

/** Words before the arguments: numbers that WGSL has no literals for. */
export const constants = [0x7f800000, 0x7fc00000] as const

/** Workgroups along x, where there are more than a dimension may have. */
export const widest = 32768
export const mostGroups = 65535

/** Words of the parameters of so many arguments, in whole vectors. */
export const words = (count: number): number => 4 * Math.ceil((constants.length + count) / 4)

/** Words from the parameters of a launch to those of the next: dynamic offsets are multiples of 256 bytes. */
export const blockOf = (count: number): number => Math.ceil(words(count) / 64) * 64

/** `instances`: launches of this structure that run at once, each with its own parameters. `homes[a]`: which memory holds argument a. */
export const moduleText = (launch: GpuLaunch, homes: readonly number[], instances: number): string => {
  const { threads, element, declarations, body } = launch.shader(homes.map((home) => `memory${home}`))
  const memories = [...new Set(homes)].sort((a, b) => a - b)
  const text = body.join('\n  ')
  const block = blockOf(homes.length)
  const word = (i: number): string => `parameters[${i >> 2}][${i & 3}]`
  const own = (i: number): string => (instances > 1 ? `parameters[instance * ${block / 4} + ${i >> 2}][${i & 3}]` : word(i))
  const groups = instances * launch.groups
  const arguments_ = homes.map((_, a) => `let p${a} = ${own(constants.length + a)};`)
  return [
    `@group(0) @binding(0) var<uniform> parameters: array<vec4<i32>, ${(block * (instances - 1) + words(homes.length)) / 4}>;`,
    ...memories.map((m) => `@group(0) @binding(${m + 1}) var<storage, read_write> memory${m}: array<${element}>;`),
    ...declarations,
    `fn infinity() -> f32 { return bitcast<f32>(${word(0)}); }`,
    `fn nan() -> f32 { return bitcast<f32>(${word(1)}); }`,
    ...functionsFor(text),
    `@compute @workgroup_size(${threads})`,
    'fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) invocation: u32) {',
    `  let ${instances > 1 ? 'number' : 'group'} = i32(workgroup.x${groups > mostGroups ? ` + workgroup.y * ${widest}u` : ''});`,
    '  let thread = i32(invocation);',
    ...(groups > mostGroups ? [`  if (${instances > 1 ? 'number' : 'group'} >= ${groups}) { return; }`] : []),
    ...(instances > 1 ? [`  let instance = number / ${launch.groups};`, `  let group = number % ${launch.groups};`] : []),
    ...arguments_.map((line) => `  ${line}`),
    `  ${text}`,
    '}',
  ].join('\n')
}
