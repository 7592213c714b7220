/** The WebAssembly backend, on one thread and on two. */
import { wasm } from '../../../backends/wasm/index.ts'
import type { Variant } from '../variant.ts'

export const variants: readonly Variant[] = [1, 2].map((threads) => ({
  name: `wasm, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
  absent: async () => undefined,
  open: () => wasm({ threads }),
  tolerance: 1e-5,
}))
