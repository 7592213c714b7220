/**
 * `npm run mutants`: changes the sources in small ways, one at a time, in a copy of the repository, and runs the tests that ought to notice.
 *
 *     npm run mutants                            the whole table
 *     npm run mutants -- --tenth 3               one tenth of it, the third; `today`: another one every day
 *     npm run mutants -- --only halos/halo.ts    of files whose names begin so
 *     npm run mutants -- --minutes 10            no mutant is begun later than that
 *     npm run mutants -- --least 50              fails if fewer percent are killed (default: 95)
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { equivalents } from './equivalents.ts'
import { type Mutant, mutantsOf } from './mutators.ts'
import { type Target, targets } from './targets.ts'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const hash = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The table: of each target as many as it says, drawn by their keys, so that they stay the same while the line does. */
export const table = (): readonly (readonly [Mutant, Target])[] =>
  targets.flatMap((target) => {
    const all = mutantsOf(target.file, readFileSync(join(root, target.file), 'utf8'))
    const drawn = [...all].sort((a, b) => (hash(a.key) < hash(b.key) ? -1 : 1)).slice(0, target.mutants)
    return drawn.map((mutant) => [mutant, target] as const)
  })
/** Each mutant has a tenth to which it belongs. */
const tenthOf = ({ key }: Mutant): number => Number.parseInt(hash(`tenth ${key}`).slice(0, 8), 16) % 10

/** What git knows of the repository, in a folder of its own. */
const scratch = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'halograd-mutants-'))
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean)
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    cpSync(join(root, file), join(folder, file))
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

const limit = 120_000
/** Whether a test file passes. One that does not end has noticed, too. */
const passes = (folder: string, test: string): boolean => {
  const run = ['--import', 'tsx', '--import', './spec/seed.ts', test]
  const { status } = spawnSync(process.execPath, run, { cwd: folder, timeout: limit, killSignal: 'SIGKILL', stdio: 'ignore' })
  return status === 0
}
/** The test that notices. That a test fails says nothing where it fails without the mutant, too: @throws Error if it does. */
const noticed = (folder: string, { file, source }: Mutant, tests: readonly string[], sound: Set<string>): string | undefined => {
  const path = join(folder, file)
  const original = readFileSync(path, 'utf8')
  const changed = (text: string, test: string): boolean => {
    writeFileSync(path, text)
    return passes(folder, test)
  }
  try {
    const found = tests.find((test) => !changed(source, test))
    if (found === undefined || sound.has(found)) return found
    if (!changed(original, found)) throw new Error(`${found} fails without any mutant`)
    sound.add(found)
    return found
  } finally {
    writeFileSync(path, original)
  }
}

const describe = ({ file, line, operator, before, after }: Mutant): string => {
  const short = (text: string): string => text.replace(/\s+/g, ' ').slice(0, 60)
  return `${file}:${line}: ${operator}: ${short(before)} → ${short(after)}`
}

const main = (): number => {
  const { values } = parseArgs({
    options: {
      tenth: { type: 'string' },
      only: { type: 'string' },
      minutes: { type: 'string', default: '600' },
      least: { type: 'string', default: '95' },
    },
  })
  const tenth = values.tenth === 'today' ? Math.floor(Date.now() / 86_400_000) % 10 : values.tenth && Number(values.tenth)
  const chosen = table().filter(
    ([mutant]) => (tenth === undefined || tenthOf(mutant) === tenth) && mutant.file.startsWith(values.only ?? ''),
  )
  const known = chosen.filter(([{ key }]) => key in equivalents)
  const todo = chosen.filter(([{ key }]) => !(key in equivalents))
  const folder = scratch()
  const [end, survivors, killed] = [Date.now() + Number(values.minutes) * 60_000, [] as string[], [] as string[]]
  try {
    const sound = new Set<string>()
    for (const [mutant, { tests }] of todo) {
      if (Date.now() > end) break
      const test = noticed(folder, mutant, tests, sound)
      ;(test === undefined ? survivors : killed).push(mutant.key)
      console.log(
        `${test === undefined ? 'SURVIVES' : 'killed'}  ${describe(mutant)}${test === undefined ? `\n          ${mutant.key}` : `  (${test})`}`,
      )
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const ran = killed.length + survivors.length
  const left = todo.length - ran
  console.log(`${killed.length} of ${ran} mutants are killed (${((100 * killed.length) / Math.max(ran, 1)).toFixed(1)} %)`)
  console.log(`${known.length} are equivalent${left > 0 ? `; ${left} were left for want of time` : ''}`)
  return 100 * killed.length < Number(values.least) * ran ? 1 : 0
}
if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main()
