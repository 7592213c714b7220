import { wasm } from '../../../backends/wasm/index.ts'
import type { Variant } from '../variant.ts'

export const variants: readonly Variant[] = [{ name: 'wasm', absent: async () => undefined, open: () => wasm(), tolerance: 1e-5 }]
