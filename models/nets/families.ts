/** Every family in `families/`, found by folder: a new family is a new file there, and is listed nowhere. */
import { readdir } from 'node:fs/promises'
import { type Family, isFamily } from './family.ts'

const folder = new URL('./families/', import.meta.url)
const files = (await readdir(folder)).filter((file) => /\.[jt]s$/.test(file) && !file.endsWith('.d.ts')).sort()
const modules: readonly object[] = await Promise.all(files.map((file) => import(new URL(file, folder).href)))

/** In alphabetical order of their files. */
export const families: readonly Family[] = modules.flatMap((module) => Object.values(module).filter(isFamily))
