/** A process that does jobs for the lab: TypeScript is read as it is; worker.ts does the rest. */
import { register } from 'tsx/esm/api'

register({ tsconfig: false })
await import('./worker.ts')
