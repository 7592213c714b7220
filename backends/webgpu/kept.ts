/** Choices that are kept in a file of the cache directory: one JSON object, by device. A file that cannot be read or written is one that is not there. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

const file = (): string => join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'halograd', 'webgpu-tiles.json')

const all = async (): Promise<Readonly<Record<string, unknown>>> => {
  try {
    const found: unknown = JSON.parse(await readFile(file(), 'utf8'))
    return typeof found === 'object' && found !== null ? { ...found } : {}
  } catch {
    return {}
  }
}

export const read = async (device: string): Promise<string | undefined> => {
  const choice = new Map(Object.entries(await all())).get(device)
  return typeof choice === 'string' ? choice : undefined
}

export const write = async (device: string, choice: string): Promise<void> => {
  try {
    await mkdir(dirname(file()), { recursive: true })
    await writeFile(`${file()}.${process.pid}`, `${JSON.stringify({ ...(await all()), [device]: choice }, null, 2)}\n`)
    await rename(`${file()}.${process.pid}`, file())
  } catch {
    // Without it, the next process measures again.
  }
}
