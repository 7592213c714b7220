/** The machine: what it is, what it can do (measured once a process), and who else is using it. */
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { arithmeticPeak, copyPeak } from './peak.ts'
import type { MachineRow } from './row.ts'
import { round } from './statistics.ts'

const cores = availableParallelism()
/** In a word: for every row. */
export const machineName = `${cpus()[0]?.model.trim() ?? process.arch}, ${cores} cores, Node ${process.versions.node}`

let measured: MachineRow | undefined
/** Facts and peaks. Takes half a second the first time. */
export const machine = async (): Promise<MachineRow> => {
  measured ??= await measure()
  return measured
}
const measure = async (): Promise<MachineRow> => {
  const { fusable } = await import('../../backends/wasm/index.ts')
  await fusable() // in Node 20 it must be asked for
  const before = busy()
  await new Promise((resolve) => setTimeout(resolve, 300))
  const others = (busy() - before) / 300
  return {
    what: 'machine',
    date: new Date().toISOString().slice(0, 10),
    machine: machineName,
    cores,
    memory: totalmem(),
    'peak GF/s': round(arithmeticPeak()),
    'peak GB/s': round(copyPeak()),
    load: round(loadavg()[0] ?? 0),
    ...(others > 0.1
      ? { warning: `other processes keep ${others.toFixed(1)} of ${cores} cores busy: medians suffer; repeat when the machine is quiet` }
      : {}),
  }
}

/** Milliseconds of all cores, by everybody, since the machine started. */
export const busy = (): number => cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0)

/** `fraction` of the peak of so many cores, from a rate of this kind. */
export const fraction = (row: MachineRow, unit: 'GF/s' | 'GB/s', rate: number, threads: number): number =>
  round(rate / (row[`peak ${unit}`] * Math.min(threads, cores)))
