/** A contestant's side of the conversation (see contest.ts): say hello, then train so many steps for every line that asks for it. */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Hello, Round } from '../contest.ts'
import type { KernelTime } from '../profile.ts'

const write = (message: unknown): void => void process.stdout.write(`${JSON.stringify(message)}\n`)

/** What a contestant can tell besides. */
export interface Extras {
  /** How many arrays live on the device. */
  readonly arrays?: () => number
  readonly profile?: (repeats: number) => readonly KernelTime[]
}

export const serve = async (hello: Hello, step: () => Promise<number>, { arrays, profile }: Extras = {}): Promise<void> => {
  write(hello)
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line) as { readonly steps: number } | { readonly profile: number } // the protocol of this folder
    if ('profile' in command) write({ profile: profile?.(command.profile) ?? [] })
    else write({ ...(await train(step, command.steps)), ...(arrays && { arrays: arrays() }) })
  }
}

const train = async (step: () => Promise<number>, steps: number): Promise<Round> => {
  const [times, losses]: [number[], number[]] = [[], []]
  const before = process.cpuUsage()
  for (let i = 0; i < steps; i++) {
    const start = performance.now()
    losses.push(await step())
    times.push(performance.now() - start)
  }
  const { user, system } = process.cpuUsage(before)
  globalThis.gc?.() // where Node was started with --expose-gc: what lives, rather than what waits to be collected
  return { times, losses, memory: largest(), resident: process.memoryUsage.rss(), processor: (user + system) / 1000 }
}

/** The largest resident size of this process. `maxRSS` would include what started it. */
const largest = (): number => {
  try {
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
  } catch {
    return 1024 * process.resourceUsage().maxRSS
  }
}
