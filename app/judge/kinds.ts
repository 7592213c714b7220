/** The kinds of judges: every file of `judges/` is one, by its name, and nothing lists them. `--judge 'lexicon words.tsv'`: a kind, and what it needs. */

import type { Backend } from '../../core/index.ts'
import { defaultOf, isModule } from '../inputs/modules.ts'
import { UsageError } from '../terminal/errors.ts'
import { modulesIn } from '../terminal/sources.ts'
import type { Judge } from './judge.ts'

/** Where a judge works. */
export interface Court {
  /** Runs the models of judges that have one. */
  readonly backend: Backend
  /** Seconds that a judge that is a program may be silent. */
  readonly timeout: number
  /** Aborted when its verdicts are no longer wanted. */
  readonly signal: AbortSignal
}

export interface JudgeKind {
  /** What follows its name: '<dir>' must be there, '[file]' may. Default: nothing. */
  readonly argument?: string
  /** Which texts it likes, in a line. */
  readonly summary: string
  /** @throws UsageError, or what is wrong with the file or model that it needs */
  readonly make: (argument: string, court: Court) => Judge | Promise<Judge>
}

export const judgeKinds = async (): Promise<ReadonlyMap<string, JudgeKind>> => {
  const modules = await modulesIn<{ readonly judge: JudgeKind }>('./judges/', import.meta.url)
  return new Map([...modules].map(([name, { judge }]) => [name, judge]))
}

/** The judge of an option: a kind and its argument, or a file that exports one. @throws UsageError, and what `make` throws */
export const findJudge = async (asked: string, court: Court): Promise<Judge> => {
  const [, name = '', argument = ''] = /^(\S+)\s*(.*?)\s*$/s.exec(asked) ?? []
  if (isModule(asked)) return ownJudge(asked)
  const kinds = await judgeKinds()
  const kind = kinds.get(name)
  if (kind === undefined)
    throw new UsageError(
      `--judge: there is no judge '${name}'. Known are ${[...kinds.keys()].join(', ')} (\`halograd judges\` explains them); or give a file that exports one, such as ./my-judge.ts`,
    )
  const wanted = kind.argument ?? ''
  if (wanted.startsWith('<') && argument === '')
    throw new UsageError(`--judge ${name}: expected --judge '${name} ${wanted}', found nothing after its name`)
  if (wanted === '' && argument !== '') throw new UsageError(`--judge ${name}: expected nothing after its name, found '${argument}'`)
  return kind.make(argument, court)
}

/** The default export of a module. */
const ownJudge = async (file: string): Promise<Judge> => {
  const own = await defaultOf(file, '--judge')
  if (isJudge(own)) return own
  throw new UsageError(`--judge: expected ${file} to export a judge by default: { name, score(answers) } or { name, compare(pairs) }`)
}

const isJudge = (x: unknown): x is Judge =>
  typeof x === 'object' &&
  x !== null &&
  'name' in x &&
  typeof x.name === 'string' &&
  (('score' in x && typeof x.score === 'function') || ('compare' in x && typeof x.compare === 'function'))
