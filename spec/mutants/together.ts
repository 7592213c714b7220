/** Runs test files in one process, which starts once and loads once what they share: `node --import tsx spec/mutants/together.ts FILE…`. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

for (const file of process.argv.slice(2)) await import(pathToFileURL(resolve(file)).href)
