/**
 * A copy of the repository, as JavaScript, in which sources are changed and tests run: niced, in one process, to their first failure; in a process
 * group of its own that is killed whole, and with a limit in seconds of the processor, which a busy machine does not shorten.
 */
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { transformSync } from 'esbuild'

export interface Sandbox {
  /** The test that fails first, of these files together; undefined if all pass. Those that do not end have noticed, too. */
  readonly failing: (tests: readonly string[]) => Promise<string | undefined>
  /** What `then` yields while a file reads so. */
  readonly changed: <T>(file: string, source: string, then: () => Promise<T>) => Promise<T>
  readonly remove: () => void
}

/** Seconds of the processor; and of the clock, for a test that waits for ever. */
const [limit, patience] = [60, 900]
const command = `ulimit -t ${limit}; exec nice -n 10 "$@"`
const reporter = ['--test-reporter', './spec/mutants/first-failure.js', '--test-reporter-destination', 'stdout']
const options = ['--max-old-space-size=3072', '--import', './spec/seed.js', ...reporter, 'spec/mutants/together.js']

/** Compiled once, for the sake of every later start; names of files follow. */
const compiled = (source: string): string => {
  const { code } = transformSync(source, { loader: 'ts', format: 'esm', target: 'node20' })
  return code.replace(/\.ts(?=["'`]|\$\/)/g, '.js')
}
const compiledName = (file: string): string => file.replace(/\.ts$/, '.js')

const failing = (folder: string, tests: readonly string[]): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', command, 'sh', process.execPath, ...options, ...tests.map(compiledName)], {
      ...{ cwd: folder, detached: true, stdio: ['ignore', 'pipe', 'ignore'] },
    })
    const end = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      } catch {} // nobody is left in the group
    }
    const timer = setTimeout(end, patience * 1000)
    let said = ''
    child.stdout?.on('data', (text) => {
      said += String(text)
    })
    child.once('error', reject)
    child.once('exit', end)
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      resolve(code === 0 ? undefined : said.split('\n').at(-1) || `ended by ${signal ?? `an error while loading, ${code}`}`)
    })
  })

/** What git knows of the repository, in a folder of its own. */
export const sandbox = (root: string): Sandbox => {
  const folder = mkdtempSync(join(tmpdir(), 'halograd-mutants-'))
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean)
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    if (file.endsWith('.ts')) writeFileSync(join(folder, compiledName(file)), compiled(readFileSync(join(root, file), 'utf8')))
    else cpSync(join(root, file), join(folder, file))
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return {
    failing: (tests) => failing(folder, tests),
    changed: async (file, source, then) => {
      const path = join(folder, compiledName(file))
      const original = readFileSync(path, 'utf8')
      writeFileSync(path, compiled(source))
      try {
        return await then()
      } finally {
        writeFileSync(path, original)
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
