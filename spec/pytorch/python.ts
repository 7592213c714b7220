/** Python with PyTorch, where there is one: Debian's, or what HALOGRAD_PYTHON names. */
import { spawnSync } from 'node:child_process'

export const python = process.env.HALOGRAD_PYTHON ?? '/usr/bin/python3'
const has = (module: string): boolean => spawnSync(python, ['-c', `import ${module}`]).status === 0

/** Why a test cannot run here, or `false`. */
export const withoutTorch: string | false = has('torch')
  ? false
  : `${python} has no torch: apt-get install python3-torch, or name a Python that has it in HALOGRAD_PYTHON`
const black = process.env.HALOGRAD_BLACK ?? 'black'
export const withoutBlack: string | false =
  spawnSync(black, ['--version']).status === 0 ? false : 'there is no black: apt-get install black, or name one in HALOGRAD_BLACK'

interface Ran {
  readonly status: number | null
  readonly out: string
  readonly err: string
}
const run = (command: string, args: readonly string[], input?: string): Ran => {
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    timeout: 240_000,
    ...(input !== undefined && { input }),
  })
  return { status, out: stdout, err: stderr }
}
/** Runs a script. */
export const byPython = (...args: readonly string[]): Ran => run(python, args)
/** `black --check --diff`. */
export const formatted = (...files: readonly string[]): Ran => run(black, ['--check', '--diff', '--quiet', ...files])
