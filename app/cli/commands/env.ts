/** `halograd env`: what of this machine programs can run on, and what they would run on by default. */
import { availableParallelism, cpus, totalmem } from 'node:os'
import { Command } from 'commander'
import { adapter, automatic, blas, survey } from '../../inputs/backends.ts'
import { type CommonOptions, common } from '../../inputs/options.ts'
import { processor } from '../../inputs/processor.ts'
import type { Terminal } from '../../terminal/terminal.ts'

export const command = (terminal: Terminal): Command =>
  common(
    new Command('env')
      .summary('which backends there are on this machine')
      .description('Says which backends this machine can run, in which modes, and why others are absent; and what `auto` stands for.'),
  ).action(async ({ json }: CommonOptions) => {
    const [ways, auto, library, gpu] = [await survey(), await automatic(), await blas(), await adapter()]
    const machine = {
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      memory: totalmem(),
      ...processor(),
      blas: library ?? null,
      gpu: gpu ?? null,
    }
    if (json) return terminal.print(`${JSON.stringify({ ...machine, auto, backends: ways })}\n`)
    const yes = (there: boolean): string => (there ? 'yes' : 'no')
    const rows: readonly (readonly string[])[] = ways.map(({ backend, mode, available, detail }) => [
      available ? '✓' : '✗',
      backend,
      mode,
      detail,
    ])
    const width = (column: number): number => Math.max(...rows.map((row) => row[column]!.length))
    terminal.say(
      `Node ${machine.node} on ${machine.platform}, ${machine.cores} cores (${machine.cpu}), ${(machine.memory / 2 ** 30).toFixed(1)} GiB`,
    )
    terminal.say(
      `WebAssembly: SIMD ${yes(machine.simd)}, threads ${yes(machine.threads)}; BLAS: ${library ?? 'none found (koffi and a system BLAS, e.g. libopenblas0)'}\n`,
    )
    for (const [mark, backend, mode, detail] of rows)
      terminal.say(`${mark} ${backend!.padEnd(width(1))}  ${mode!.padEnd(width(2))}  ${detail}`)
    if (gpu !== undefined) {
      const mebibytes = (name: string): string => `${Math.floor((gpu.limits[name] ?? 0) / 2 ** 20)} MiB`
      const features = ['shader-f16', 'subgroups', 'timestamp-query'].map((name) => `${name} ${yes(gpu.features.includes(name))}`)
      terminal.say(
        `\nGPU: ${gpu.description}: arrays of up to ${mebibytes('maxStorageBufferBindingSize')}, ${gpu.limits.maxStorageBuffersPerShaderStage} buffers a kernel, ${features.join(', ')}`,
      )
    }
    const card = gpu !== undefined && !gpu.software
    terminal.say(`\n--backend auto is ${auto}${card ? '; --backend webgpu trains on the card: `halograd bench gpu` says how fast' : ''}`)
  })
