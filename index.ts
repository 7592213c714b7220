/** halograd, for Node. */

export { wasm } from './backends/wasm/index.ts'
export * from './halograd.ts'
