/**
 * A program of the user's, such as one that asks a large model. It reads lines {"prompt", "a", "b"} from standard input until that ends, and for each
 * writes a line {"winner": "a"}, "b" or "tie" to standard output, in their order.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { Interrupted, JudgeError } from '../../terminal/errors.ts'
import { type Comparison, isWinner, type JudgeReport, type Winner } from '../judge.ts'
import type { Court, JudgeKind } from '../kinds.ts'

export const judge: JudgeKind = {
  argument: '<command>',
  summary: 'asks a program: it reads lines {"prompt", "a", "b"}, and answers each with a line {"winner": "a"}, "b" or "tie"',
  make: (command, court) => ({
    name: `command ${command}`,
    compare: (comparisons, report) => ask(command, comparisons, court, report),
  }),
}

/** Characters of the standard error of a failed program that are reported. */
const lastWords = 1000

const ask = (
  command: string,
  comparisons: readonly Comparison[],
  { timeout, signal }: Court,
  report: JudgeReport,
): Promise<readonly Winner[]> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, { shell: true, detached: process.platform !== 'win32' }) // a group of its own, to end whatever it starts
    const winners: Winner[] = []
    let said = ''
    const end = (error?: Error): void => {
      clearTimeout(silence)
      signal.removeEventListener('abort', stop)
      kill(child)
      if (error === undefined) resolve(winners)
      else reject(error)
    }
    const failed = (what: string) =>
      end(new JudgeError(`judge '${command}' ${what}${said.trim() === '' ? '' : `\nIt said:\n${said.trim()}`}`))
    const stop = () => end(new Interrupted('Stopped. There was nothing to save yet.'))
    const silence = setTimeout(
      () =>
        failed(
          `said nothing for ${timeout} s, after ${winners.length} of ${comparisons.length} verdicts. Give it more time with --judge-timeout`,
        ),
      1000 * timeout,
    )
    signal.addEventListener('abort', stop)

    createInterface({ input: child.stdout }).on('line', (line) => {
      silence.refresh()
      if (line.trim() === '') return
      const winner = winnerOf(line)
      if (winner === undefined)
        return failed(`answered '${line.slice(0, 200)}' as verdict ${winners.length + 1}; expected {"winner": "a"}, "b" or "tie"`)
      winners.push(winner)
      if (winners.length > comparisons.length) return failed(`gave more verdicts than the ${comparisons.length} it was asked for`)
      report(winners.length)
    })
    child.stderr.on('data', (text) => {
      silence.refresh()
      said = `${said}${text}`.slice(-lastWords)
    })
    child.on('error', (error) => failed(`could not be started: ${error.message}`))
    child.on('close', (code, killed) => {
      if (code !== 0) return failed(`ended with ${killed ?? `exit code ${code}`} after ${winners.length} of ${comparisons.length} verdicts`)
      if (winners.length < comparisons.length) return failed(`gave ${winners.length} verdicts, expected ${comparisons.length}`)
      end()
    })
    child.stdin.on('error', () => undefined) // a program that stops reading is reported when it ends
    child.stdin.end(comparisons.map(({ prompt, a, b }) => `${JSON.stringify({ prompt, a, b })}\n`).join(''))
  })

const winnerOf = (line: string): Winner | undefined => {
  try {
    const { winner }: { readonly winner?: unknown } = JSON.parse(line)
    return isWinner(winner) ? winner : undefined
  } catch {
    return undefined
  }
}

const kill = ({ pid, exitCode, signalCode }: ChildProcess): void => {
  if (pid === undefined || exitCode !== null || signalCode !== null) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch {
    // it has ended meanwhile
  }
}
