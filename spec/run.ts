/**
 * `npm test`: every test file in a process of its own, two at a time; the files of a folder that spec/together names share one.
 *
 *     npm test -- wasm plan        only files whose path has one of these words in it
 */
import { readdirSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const testFiles = (folder: string): readonly string[] =>
  readdirSync(join(here, folder))
    .filter((name) => name.endsWith('.test.ts'))
    .sort()
    .map((name) => join(folder, name))

const folders = readdirSync(here, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
/** Folders whose tests share a process. They take longest, and so they go first. */
const together = testFiles('together')
const apart = ['.', ...folders].filter((folder) => folder !== 'together').flatMap(testFiles)
const merged = together.map((file) => basename(file, '.test.ts'))

const words = process.argv.slice(2)
const files =
  words.length > 0
    ? apart.filter((file) => words.some((word) => file.includes(word)))
    : [...together, ...apart.filter((file) => !merged.includes(dirname(file)))]
if (files.length === 0) {
  console.error(`npm test: no file of ${relative(process.cwd(), here)} has ${words.join(' or ')} in its path`)
  process.exit(1)
}
run({ files: files.map((file) => join(here, file)), concurrency: 2 })
  .on('test:fail', () => {
    process.exitCode = 1
  })
  .compose(new spec())
  .pipe(process.stdout)
