/**
 * What one core of this machine can do, measured.
 *
 *     arithmetic   x ← x · a + b in twelve independent chains of 128-bit registers: enough to hide the latency of a fused multiply-add,
 *                  and just that of two instructions, where the engine has no fused one. Exact products need two
 *     bandwidth    copying an array that is larger than the caches: bytes read and bytes written
 */
import { quantile } from './statistics.ts'

const chains = 12
const lanes = 4

/** `run(count, a, b)`: so many rounds of every chain, in one WebAssembly function without a memory. */
const loop = (fused: boolean): Uint8Array<ArrayBuffer> => {
  const [count, a, b, scale, shift, first] = [0, 1, 2, 3, 4, 5]
  const splat = (from: number, to: number) => [0x20, from, 0xfd, 0x13, 0x21, to]
  const each = (f: (chain: number) => readonly number[]) => Array.from({ length: chains }, (_, i) => f(first + i)).flat()
  const twice = (chain: number) => [0x20, chain, 0x20, scale, 0xfd, 0xe6, 1, 0x20, shift, 0xfd, 0xe4, 1, 0x21, chain]
  const once = (chain: number) => [0x20, chain, 0x20, scale, 0x20, shift, 0xfd, 0x85, 2, 0x21, chain]
  const multiplyAdd = fused ? once : twice
  const again = [0x20, count, 0x41, 1, 0x6b, 0x22, count, 0x0d, 0]
  const total = each((chain) => (chain === first ? [0x20, chain] : [0x20, chain, 0xfd, 0xe4, 1]))
  const code = [...splat(a, scale), ...splat(b, shift), 0x03, 0x40, ...each(multiplyAdd), ...again, 0x0b, ...total, 0xfd, 0x1f, 0, 0x0b]
  const [i32, f32, v128] = [0x7f, 0x7d, 0x7b]
  const body = [1, 2 + chains, v128, ...code]
  const section = (id: number, content: readonly number[]) => [id, ...unsigned(content.length), ...content]
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 3, i32, f32, f32, 1, f32]),
    ...section(3, [1, 0]),
    ...section(7, [1, 3, 0x72, 0x75, 0x6e, 0, 0]), // "run"
    ...section(10, [1, ...unsigned(body.length), ...body]),
  ])
}
const unsigned = (n: number): readonly number[] => (n < 0x80 ? [n] : [(n & 0x7f) | 0x80, n >> 7])

/** Multiply-adds of one core, in 10⁹ operations a second (a multiply-add is two). */
export const arithmeticPeak = (): number => Math.max(rate(loop(false)), WebAssembly.validate(loop(true)) ? rate(loop(true)) : 0)
const rate = (binary: Uint8Array<ArrayBuffer>): number => {
  const { run } = new WebAssembly.Instance(new WebAssembly.Module(binary)).exports
  if (typeof run !== 'function') throw new TypeError('peak: the module has no function')
  const rounds = 200_000
  return fastest(30, () => void run(rounds, 0.5, 1), 2 * lanes * chains * rounds)
}

/** Bytes read and written by one core that copies, in 10⁹ a second. */
export const copyPeak = (): number => {
  const [from, to] = [new Float64Array(1 << 23).fill(1), new Float64Array(1 << 23)]
  return fastest(8, () => to.set(from), 2 * from.byteLength)
}

/** 10⁹ units a second: of the best tenth of repeats, because a peak is what an undisturbed core reaches. */
const fastest = (repeats: number, f: () => void, units: number): number => {
  const times = Array.from({ length: repeats }, () => {
    const start = performance.now()
    f()
    return performance.now() - start
  })
  return units / quantile(times, 0.1) / 1e6
}
