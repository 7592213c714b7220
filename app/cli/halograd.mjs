#!/usr/bin/env node
/** The `halograd` command: TypeScript is read as it is, in this process; main.ts does the rest. */
import { register } from 'tsx/esm/api'

register({ tsconfig: false })
const { main } = await import('./main.ts')
process.exitCode = await main(process.argv.slice(2))
