/** halograd, for a page. */

export { wasm } from './backends/wasm/browser.ts'
export * from './halograd.ts'
