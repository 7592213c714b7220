/** A thread that reads one Parquet file: TypeScript is read as it is; parquet-worker.ts does the rest. */
import { register } from 'tsx/esm/api'

register({ tsconfig: false })
await import('./parquet-worker.ts')
