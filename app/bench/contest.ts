/**
 * Contestants train the same problem in processes of their own, and take turns: A B A B …, so that what disturbs the machine disturbs all alike.
 * They speak lines of JSON: first what they are (`Hello`), then for every `{"steps": n}` what n more steps took (`Round`).
 * Ours also answer `{"profile": n}` with the time of every kernel.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { UnavailableError } from '../terminal/errors.ts'
import { busy } from './machine.ts'
import { type BenchProgram, keepOnCore } from './processes.ts'
import type { KernelTime } from './profile.ts'
import type { Measurement } from './row.ts'
import { median } from './statistics.ts'

/** How to start a contestant. */
export interface ContestantCommand extends BenchProgram {
  readonly name: string
  readonly threads: number
  /** Changes to the environment: `undefined` removes. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}
export interface Hello extends Pick<Measurement, 'trace ms' | 'compile ms' | 'kernels' | 'flops' | 'planned memory'> {
  readonly name: string
  readonly mode: string
}
export interface Round {
  /** Milliseconds of each step, reading its loss included. */
  readonly times: readonly number[]
  readonly losses: readonly number[]
  /** Largest resident size so far, in bytes; and the size now. */
  readonly memory: number
  readonly resident: number
  /** Milliseconds of processor time that these steps used. */
  readonly processor: number
  /** How many arrays live on the device, where that is known. */
  readonly arrays?: number
}
export interface Contestant {
  readonly hello: Hello
  readonly threads: number
  readonly train: (steps: number) => Promise<Round & { readonly others: number }>
  /** Ours only, and after `train`. */
  readonly profile: (repeats: number) => Promise<readonly KernelTime[]>
  readonly stop: () => Promise<void>
}

/**
 * Start a process and wait for its hello. With one thread it trains on the first core only, where `taskset` exists: until then, what compiles
 * beside it may use others, as it does for whoever asks for one thread.
 * @throws UnavailableError with the last lines that the process wrote, when it ends instead of answering
 */
export const start = async ({ name, program, args, threads, environment = {} }: ContestantCommand): Promise<Contestant> => {
  const env = { ...process.env, ...environment }
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
  const heard: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => void heard.push(line))
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  child.once('error', (error) => void heard.push(error.message))
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async (): Promise<unknown> => {
    for (let line = await answers.next(); !line.done; line = await answers.next())
      if (line.value.startsWith('{')) return JSON.parse(line.value)
    await ended
    throw new UnavailableError(`${name} stopped without an answer. Its last words:\n  ${heard.slice(-8).join('\n  ')}`)
  }
  const hello = (await answer()) as Hello // the protocol of this folder
  if (threads === 1 && child.pid !== undefined) keepOnCore(0, child.pid)
  /** Contestants stand still until it is their turn: some have threads that wait by spinning, or compile for later. */
  const asked = async (question: object): Promise<unknown> => {
    signal(child, 'SIGCONT')
    child.stdin.write(`${JSON.stringify(question)}\n`)
    return answer().finally(() => signal(child, 'SIGSTOP'))
  }
  return {
    hello,
    threads,
    train: async (steps) => {
      const [before, begun] = [busy(), performance.now()]
      const round = (await asked({ steps })) as Round // the protocol of this folder
      const others = Math.max(0, busy() - before - round.processor) / (performance.now() - begun)
      return { ...round, others }
    },
    profile: async (repeats) => ((await asked({ profile: repeats })) as { readonly profile: readonly KernelTime[] }).profile, // likewise
    stop: () => end(child, ended),
  }
}
/** Windows has neither: there, all contestants run all the time. */
const signal = (child: ChildProcess, which: 'SIGCONT' | 'SIGSTOP'): boolean => process.platform !== 'win32' && child.kill(which)

const end = (child: ChildProcess, ended: Promise<void>): Promise<void> => {
  signal(child, 'SIGCONT')
  child.stdin?.end()
  const impatience = setTimeout(() => child.kill(), 2000)
  return ended.finally(() => clearTimeout(impatience))
}

/** What a contestant did in all its rounds; the first, which warms up, counts for the losses only. */
export interface Result {
  readonly hello: Hello
  readonly threads: number
  readonly losses: readonly number[]
  readonly rounds: readonly (readonly number[])[]
  readonly memory: number
  readonly others: number
}

/** So many rounds of about so many milliseconds each, in turns; `between` is called when all of them stand still, before and after each. */
export const contest = async (
  contestants: readonly Contestant[],
  rounds: number,
  milliseconds: number,
  between: () => Promise<void> = async () => {},
): Promise<readonly Result[]> => {
  const results: Result[] = []
  const steps: number[] = []
  for (const { hello, threads, train } of contestants) {
    const { losses, times, memory } = await train(3)
    steps.push(Math.max(1, Math.round(milliseconds / median(times))))
    results.push({ hello, threads, losses, rounds: [], memory, others: 0 })
  }
  for (let round = 0; round < rounds; round++)
    for (const [i, { train }] of contestants.entries()) {
      await between()
      const { losses, times, memory, others } = await train(steps[i]!)
      const known = results[i]!
      results[i] = {
        ...known,
        losses: [...known.losses, ...losses],
        rounds: [...known.rounds, times],
        memory,
        others: known.others + others / rounds,
      }
    }
  await between()
  return results
}
