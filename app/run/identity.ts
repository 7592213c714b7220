/**
 * Which run it is: the options that its numbers depend on, and the contents of the files that they name. A run is gone on with by the same options
 * and data, wherever these lie now; threads, or how often to save, may be others.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Setting } from '../inputs/settings.ts'
import { UsageError } from '../terminal/errors.ts'

/** What each option says, as text; of files and directories, what is in them. */
export type Identity = Readonly<Record<string, string>>

/** No number of a run depends on these: backends give the same bits on any number of threads. */
const free: readonly string[] = ['out', 'threads', 'save-every', 'keep', 'best']

export const identityOf = async (settings: readonly Setting[]): Promise<Identity> => {
  const entries: (readonly [string, string])[] = []
  for (const setting of settings) if (!free.includes(setting.name)) entries.push([setting.name, await textOf(setting)])
  return Object.fromEntries(entries)
}

/** @throws UsageError naming every difference */
export const checkSame = (out: string, before: Identity, now: Identity): void => {
  const differences = [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((name) => before[name] !== now[name])
    .map((name) => `  --${name}: began with ${before[name] ?? 'nothing'}, now ${now[name] ?? 'nothing'}`)
  if (differences.length === 0) return
  throw new UsageError(
    `--resume: the run in ${out} is another one:\n${differences.join('\n')}\nGo on with what it began with (--config ${join(out, 'run.json')} gives all of it), or choose another --out.`,
  )
}

const textOf = async ({ value, paths }: Setting): Promise<string> => {
  if (typeof value !== 'string') return JSON.stringify(value)
  const found = paths.length === 0 ? undefined : await stat(value).catch(() => undefined)
  if (found?.isFile() && paths.includes('file')) return `a file of SHA-256 ${await digestOf([value])}…`
  if (!found?.isDirectory() || !paths.includes('dir')) return value
  const inside = await readdir(value, { withFileTypes: true })
  const files = inside.filter((entry) => entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => join(value, name))
  return `a directory of SHA-256 ${await digestOf(files.sort())}…`
}

const digestOf = async (files: readonly string[]): Promise<string> => {
  const hash = createHash('sha256')
  for (const file of files) await pipeline(createReadStream(file), hash, { end: false })
  return hash.digest('hex').slice(0, 16)
}
