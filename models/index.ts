/** halograd/models, for Node: `browser.ts`, and what reads and writes files. */
import { openBytes } from './io/bytes.ts'
import { exists, readText } from './io/files.ts'
import { useFiles } from './io/source.ts'
import { useTimeLimit } from './io/time-limit.ts'
import { timeLimit } from './io/time-limit-node.ts'

export * from './browser.ts'
export * from './data/data.ts'
export * from './data/import/index.ts'
export * from './data/inspect.ts'
export { type Repetitions, repetitionsIn } from './data/repetitions.ts'
export * from './io/files.ts'
export { type Flaw, type ReadOptions, readRecords, type SourceRecord } from './io/records.ts'
export * from './io/write-weights.ts'

useTimeLimit(timeLimit)
useFiles({ exists, readText, openBytes: async (path) => openBytes(path) })
