/** The WebAssembly backend on one thread and on two, and with the BLAS of the system. */
import { findBlas, fusable, wasm } from '../../../backends/wasm/index.ts'
import type { Variant } from '../variant.ts'

const plain = [1, 2].map(
  (threads): Variant => ({
    name: `wasm, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    absent: async () => undefined,
    open: () => wasm({ threads }),
    tolerance: 1e-5,
  }),
)
export const variants: readonly Variant[] = [
  ...plain,
  {
    name: 'wasm, fused multiply-add',
    absent: async () => ((await fusable()) ? undefined : 'relaxed SIMD is needed'),
    open: () => wasm({ threads: 1, precision: 'fast' }),
    tolerance: 1e-5,
  },
  {
    name: 'wasm, 2 threads and BLAS',
    absent: async () => ((await findBlas()) === undefined ? 'koffi and a system BLAS are needed' : undefined),
    open: () => wasm({ threads: 2, blas: 'auto' }),
    tolerance: 1e-5,
  },
]
