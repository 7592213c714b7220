/** A contestant's side of the conversation (see contest.ts): say hello, then train so many steps for every line that asks for it. */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Hello, Round } from '../contest.ts'

const write = (message: Hello | Round): void => void process.stdout.write(`${JSON.stringify(message)}\n`)

export const serve = async (hello: Hello, step: () => Promise<number>, arrays?: () => number): Promise<void> => {
  write(hello)
  for await (const line of createInterface({ input: process.stdin })) {
    const { steps } = JSON.parse(line) as { readonly steps: number } // the protocol of this folder
    const [times, losses]: [number[], number[]] = [[], []]
    const before = process.cpuUsage()
    for (let i = 0; i < steps; i++) {
      const start = performance.now()
      losses.push(await step())
      times.push(performance.now() - start)
    }
    const { user, system } = process.cpuUsage(before)
    const memory = { memory: largest(), resident: process.memoryUsage.rss(), ...(arrays && { arrays: arrays() }) }
    write({ times, losses, ...memory, processor: (user + system) / 1000 })
  }
}

/** The largest resident size of this process. `maxRSS` would include what started it. */
const largest = (): number => {
  try {
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
  } catch {
    return 1024 * process.resourceUsage().maxRSS
  }
}
