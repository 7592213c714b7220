/** halograd/backends: where programs run. A backend is a folder here. */
export { reference } from './reference/index.ts'
