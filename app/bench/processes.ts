/** Processes that measure: a TypeScript file of this folder in a Node of its own, perhaps kept on one core. */

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { loaderFlags, sourceFile } from '../terminal/sources.ts'

/** A file of this folder. */
export const file = (name: string): string => sourceFile(name, import.meta.url)

/** How a program is started. */
export interface BenchProgram {
  readonly program: string
  readonly args: readonly string[]
}
/** `flags`: of Node. */
export const script = (name: string, args: readonly string[], flags: readonly string[] = []): BenchProgram => ({
  program: process.execPath,
  args: [...flags, ...loaderFlags(), file(name), ...args],
})

const taskset = '/usr/bin/taskset'
/** Keep a process and all its threads on this core from now on, where `taskset` exists. */
export const keepOnCore = (core: number, pid: number): void => {
  if (existsSync(taskset)) spawnSync(taskset, ['-a', '-c', '-p', `${core}`, `${pid}`])
}
