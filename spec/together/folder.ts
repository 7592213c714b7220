/**
 * Runs all test files of a folder in one process: what each of them would load, and prove again, is loaded and proved once.
 *
 *     await together('halos')        spec/halos/*.test.ts, in the order of their names
 */
import { readdirSync } from 'node:fs'

export const together = async (folder: string): Promise<void> => {
  const here = new URL(`../${folder}/`, import.meta.url)
  // Node ends the tests, and runs what they do `after`, when nothing keeps the process alive: so must the time between two files.
  const alive = setInterval(() => undefined, 1000)
  try {
    for (const file of readdirSync(here).sort()) if (file.endsWith('.test.ts')) await import(new URL(file, here).href)
  } finally {
    clearInterval(alive)
  }
}
