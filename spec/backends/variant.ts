/** A way to run programs that the parity suite compares with the reference. A file in variants/ joins by being there. */
import { readdir } from 'node:fs/promises'
import type { Backend } from '../../core/index.ts'

export interface Variant {
  readonly name: string
  /** Why it cannot run here, if so. */
  readonly absent: () => Promise<string | undefined>
  readonly open: () => Promise<Backend>
  /** How far a result may be from the reference's, relative to the largest number beside it. */
  readonly tolerance: number
}

/** Every variant of every backend. */
export const variants = async (): Promise<readonly Variant[]> => {
  const folder = new URL('variants/', import.meta.url)
  const files = (await readdir(folder)).filter((file) => file.endsWith('.ts')).sort()
  const modules = await Promise.all(
    files.map((file): Promise<{ readonly variants: readonly Variant[] }> => import(new URL(file, folder).href)),
  )
  return modules.flatMap((module) => module.variants)
}
