/**
 * Which tile of products suits a device: the fastest of a few on one square product, measured when a card is first opened, and kept.
 *
 *     tile(device) = argmin over candidates of seconds(n × n × n)
 */
import type { Program } from '../plan/index.ts'
import type { GpuMachine } from './device.ts'
import { type Style, styles } from './grid.ts'
import { secondsOf } from './measure.ts'
import { product } from './product.ts'

/** Where choices are kept, by the name of the device. */
export interface TileCache {
  readonly read: (device: string) => Promise<string | undefined>
  readonly write: (device: string, choice: string) => Promise<void>
}

const tile = (rows: number, columns: number, down: number, across: number, depth: number): Style['tile'] => ({
  rows,
  columns,
  down,
  across,
  depth,
})

/** By name: what a workgroup computes, and how it comes by its operands. */
export const tiles: ReadonlyMap<string, Style['tile']> = new Map([
  ['32×32 of 16', styles.card.tile],
  ['32×32 of 8', tile(4, 4, 8, 8, 8)],
  ['64×64 of 16', tile(4, 4, 16, 16, 16)],
  ['32×32 in registers', tile(4, 4, 8, 8, 0)],
  ['64×64 in registers', tile(8, 8, 8, 8, 0)],
])

/** C = A · B of n × n matrices, as a program. */
const square = (n: number): Program => {
  const size = n * n
  const matrix = (buffer: number) => ({ buffer, offset: 0, row: n, column: 1 })
  const whole = { m: n, n, k: n }
  return {
    buffers: [
      { size, place: { in: 'input', index: 0 } },
      { size, place: { in: 'input', index: 1 } },
      { size, place: { in: 'output', index: 0 } },
    ],
    kernels: [
      {
        ...{ kind: 'dotGeneral', name: `${n}³`, ...whole, a: matrix(0), b: matrix(1), c: matrix(2), loops: [], accumulate: false },
        parts: [{ m0: 0, n0: 0, k0: 0, ...whole }],
        cost: { flops: 2 * n * size, bytes: 12 * size },
      },
    ],
    inputs: [size, size],
    outputs: [{ size }],
    scratch: 0,
  }
}

/** GF/s of a product of n × n matrices, by tile. */
export const measureTiles = async (machine: GpuMachine, n: number): Promise<ReadonlyMap<string, number>> => {
  const program = square(n)
  const [kernel] = program.kernels
  const rates = new Map<string, number>()
  if (kernel?.kind !== 'dotGeneral') return rates
  for (const [name, each] of tiles) {
    const { launches } = product(program, kernel, { ...styles.card, busy: 1, tile: each }, 0)
    // One array for all three matrices: only time is wanted.
    const launch = { ...launches[0]!, arguments: launches[0]!.arguments.map((_, i) => ({ slot: 0, offset: i * n * n })) }
    rates.set(name, (2 * n ** 3) / (await secondsOf(machine, launch, 3 * n * n)) / 1e9)
  }
  return rates
}

/** The style with the tile that is kept for this device, or else measured now. What cannot be measured stays as it is. */
export const tuned = async (machine: GpuMachine, style: Style, cache: TileCache, n = 1024): Promise<Style> => {
  const kept = await cache.read(machine.description)
  const known = kept === undefined ? undefined : tiles.get(kept)
  if (known !== undefined) return { ...style, tile: known }
  const rates = await measureTiles(machine, n).catch(() => new Map<string, number>())
  const [best] = [...rates].sort(([, x], [, y]) => y - x)
  if (best === undefined) return style
  await cache.write(machine.description, best[0])
  return { ...style, tile: tiles.get(best[0]) ?? style.tile }
}
