/**
 * The identity of a run: the options that its numbers depend on, and the contents of the files that they name. A run is resumed with the same options and
 * data, wherever these lie now; threads, or how often to save, may differ. After an upgrade it continues where the numbers are the same.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { SettingText } from '../inputs/settings.ts'
import { UsageError } from '../terminal/errors.ts'
import type { RunData } from './data.ts'
import { changesSince, examplesDigest, type Numerics } from './numerics.ts'

/** What each option says, as text; of files and directories, what is in them. And what the numbers depend on beside them: see numerics.ts. */
export interface Identity extends Partial<Numerics> {
  readonly options: Readonly<Record<string, string>>
  readonly examples?: string
}

/** The identity in a checkpoint, as far as it is there: the first versions recorded the options alone. */
export const identityIn = (noted: unknown): Identity => {
  const of = isRecord(noted) ? noted : {}
  const { options = of, version, numerics, arithmetic, examples } = of
  const texts = Object.entries({ version, numerics, arithmetic, examples }).filter(([, value]) => typeof value === 'string')
  const told = isRecord(options) ? Object.entries(options).map(([name, value]) => [name, String(value)]) : []
  return { options: Object.fromEntries(told), ...Object.fromEntries(texts) }
}
const isRecord = (x: unknown): x is Readonly<Record<string, unknown>> => typeof x === 'object' && x !== null

/** No number of a run depends on these: backends give the same bits on any number of threads. */
const free: readonly string[] = ['out', 'threads', 'save-every', 'keep', 'best', 'sample-every']

export const identityOf = async (settings: readonly SettingText[], numerics: Numerics, data: RunData): Promise<Identity> => {
  const entries: (readonly [string, string])[] = []
  for (const setting of settings) if (!free.includes(setting.name)) entries.push([setting.name, await textOf(setting)])
  return { options: Object.fromEntries(entries), ...numerics, examples: examplesDigest(data) }
}

/**
 * What to print where a run is resumed; nothing, as a rule.
 * @param insist continue, whatever its numbers were made with
 * @throws UsageError naming every option that differs; or, without `insist`, everything else that changes the numbers
 */
export const checkSame = (out: string, before: Identity, now: Identity, insist: boolean): readonly string[] => {
  const names = new Set([...Object.keys(before.options), ...Object.keys(now.options)])
  const differences = [...names]
    .filter((name) => before.options[name] !== now.options[name])
    .map((name) => `  --${name}: began with ${before.options[name] ?? 'nothing'}, now ${now.options[name] ?? 'nothing'}`)
  if (differences.length > 0)
    throw new UsageError(
      `--resume: the run in ${out} is another one:\n${differences.join('\n')}\nGo on with what it began with (--config ${join(out, 'run.json')} gives all of it), or choose another --out.`,
    )
  const changed = changesOf(before, now)
  if (changed.length > 0 && !insist)
    throw new UsageError(
      `--resume: the run in ${out} would go on with other numbers than it began with:\n${changed.map((line) => `  ${line}`).join('\n')}\nBegin anew with another --out; or add --insist, and it goes on: then it is no run that can be repeated.`,
    )
  const upgraded = before.version !== undefined && before.version !== now.version
  return [
    ...changed.map((line) => `warning: ${line}`),
    ...(before.arithmetic === undefined || before.arithmetic === now.arithmetic
      ? []
      : [
          `the run began with ${before.arithmetic} arithmetic and goes on with ${now.arithmetic}: as it would have, but not to the last bit`,
        ]),
    ...(upgraded ? [`begun with halograd ${before.version}, goes on with ${now.version}`] : []),
  ]
}

/** Of checkpoints from before something was noted, it is not known. */
const changesOf = (before: Identity, now: Identity): readonly string[] => {
  const other = (key: 'numerics' | 'examples'): boolean => before[key] !== undefined && before[key] !== now[key]
  return [
    ...(other('numerics')
      ? [`halograd ${now.version} computes otherwise than ${before.version}: ${changesSince(before.numerics ?? '')}`]
      : []),
    ...(other('examples')
      ? ["the prompts are others, though the files are the same: the model's chat template may write the date (strftime_now)"]
      : []),
  ]
}

const textOf = async ({ value, paths }: SettingText): Promise<string> => {
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
