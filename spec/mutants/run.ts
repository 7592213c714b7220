/**
 * `npm run mutants`: changes the sources in small ways, one at a time, in a copy of the repository, and runs the tests that ought to notice.
 *
 *     npm run mutants                            the whole table
 *     npm run mutants -- --tenth 3               one tenth of it, the third; `today`: another one every day
 *     npm run mutants -- --only halos/halo.ts    those whose keys begin so; may be given again
 *     npm run mutants -- --minutes 10            no mutant is begun later than that
 *     npm run mutants -- --least 90              fails if fewer percent are killed (default: 95)
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { equivalents } from './equivalents.ts'
import { type Mutant, mutantsOf } from './mutators.ts'
import { type Sandbox, sandbox } from './sandbox.ts'
import { type Target, targets } from './targets.ts'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const hash = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Every mutant of a target's file. */
export const every = ({ file }: Target): readonly Mutant[] => mutantsOf(file, readFileSync(join(root, file), 'utf8'))
/** The table: of each target as many as it says, drawn by their keys, so that they stay the same while the code does. */
export const table = (): readonly (readonly [Mutant, Target])[] =>
  targets.flatMap((target) => {
    const drawn = [...every(target)].sort((a, b) => (hash(a.key) < hash(b.key) ? -1 : 1)).slice(0, target.mutants)
    return drawn.map((mutant) => [mutant, target] as const)
  })
/** Each mutant has a tenth to which it belongs. */
const tenthOf = ({ key }: Mutant): number => Number.parseInt(hash(`tenth ${key}`).slice(0, 8), 16) % 10

/** The test that notices. That tests fail says nothing where they fail without the mutant, too: @throws Error if they do. */
const noticed = async ({ failing, changed }: Sandbox, { file, source }: Mutant, { tests }: Target, sound: Set<string>) => {
  const found = await changed(file, source, () => failing(tests))
  const all = tests.join()
  if (found === undefined || sound.has(all)) return found
  const without = await failing(tests)
  if (without !== undefined) throw new Error(`without any mutant, this fails: ${without}`)
  sound.add(all)
  return found
}

const describe = ({ file, line, operator, before, after }: Mutant): string => {
  const short = (text: string): string => text.replace(/\s+/g, ' ').slice(0, 60)
  return `${file}:${line}: ${operator}: ${short(before)} → ${short(after)}`
}
const options = {
  tenth: { type: 'string' },
  only: { type: 'string', multiple: true },
  minutes: { type: 'string', default: '600' },
  least: { type: 'string', default: '95' },
} as const

const main = async (): Promise<number> => {
  const { values } = parseArgs({ options })
  const tenth = values.tenth === 'today' ? Math.floor(Date.now() / 86_400_000) % 10 : values.tenth && Number(values.tenth)
  const chosen = table().filter(
    ([mutant]) => (tenth === undefined || tenthOf(mutant) === tenth) && (values.only ?? ['']).some((start) => mutant.key.startsWith(start)),
  )
  const todo = chosen.filter(([{ key }]) => !equivalents.has(key))
  const [end, sound, box] = [Date.now() + Number(values.minutes) * 60_000, new Set<string>(), sandbox(root)]
  let [killed, ran] = [0, 0]
  try {
    for (const [mutant, target] of todo) {
      if (Date.now() > end) break
      const test = await noticed(box, mutant, target, sound)
      ran++
      if (test !== undefined) killed++
      console.log(test === undefined ? `SURVIVES  ${describe(mutant)}\n          ${mutant.key}` : `killed  ${describe(mutant)}  (${test})`)
    }
  } finally {
    box.remove()
  }
  console.log(`${killed} of ${ran} mutants are killed (${((100 * killed) / Math.max(ran, 1)).toFixed(1)} %)`)
  console.log(
    `${chosen.length - todo.length} are equivalent${todo.length > ran ? `; ${todo.length - ran} were left for want of time` : ''}`,
  )
  return 100 * killed < Number(values.least) * ran ? 1 : 0
}
if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main()
