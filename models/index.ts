/**
 * halograd/models, for Node: `browser.ts`, and what reads and writes files.
 *
 * @packageDocumentation
 */
import { openBytes } from './io/bytes.ts'
import { exists, readText } from './io/files.ts'
import { useFiles } from './io/source.ts'
import { useTimeLimit } from './io/time-limit.ts'
import { timeLimit } from './io/time-limit-node.ts'

export * from './browser.ts'

// Files, atomically
export { readBytes, readText, writeAtomically, writeDirectoryAtomically } from './io/files.ts'
export { writeWeights } from './io/write-weights.ts'

// Data files
export { readRows, readUsable, type RowOptions, type Rows } from './data/data.ts'
export { type Import, importing, type ImportOptions } from './data/import/importing.ts'
export { presets } from './data/import/recognise.ts'
export { inspectFile, type Inspection } from './data/inspect.ts'

useTimeLimit(timeLimit)
useFiles({ exists, readText, openBytes: async (path) => openBytes(path) })
