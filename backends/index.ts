/** halograd/backends: where programs run. A backend is a folder here. */
export { gpujs } from './gpujs/index.ts'
export { reference } from './reference/index.ts'
export { type WasmOptions, wasm } from './wasm/index.ts'
