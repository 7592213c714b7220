/** The package as a user has it: packed, and installed into an empty folder. */
import { execFile, execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../../', import.meta.url))

export interface Installed {
  readonly folder: string
  readonly tarball: string
  /** A program of the repository, in the folder: whatever it prints. */
  readonly run: (program: string, ...args: readonly string[]) => Promise<string>
}

/** The package, or why it could not be installed: npm fetches its dependencies from the registry, or has them from before. */
export const install = (): Installed | string => {
  if (!existsSync(join(root, 'dist/index.js'))) return 'there is no dist/: npm run build'
  const folder = mkdtempSync(join(tmpdir(), 'halograd-install-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  const npm = (...args: readonly string[]): string =>
    execFileSync('npm', [...args, '--ignore-scripts', '--silent'], { cwd: folder, encoding: 'utf8' })
  const tarball = join(folder, npm('pack', root).trim())
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }\n')
  try {
    npm('install', '--no-audit', '--no-fund', '--prefer-offline', tarball)
  } catch (error) {
    return `npm could not install the dependencies: ${error instanceof Error ? error.message : String(error)}`
  }
  copyFileSync(join(root, 'spec/package/program.js'), join(folder, 'program.js'))
  const run = async (program: string, ...args: readonly string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], { cwd: folder, encoding: 'utf8' }).catch(
      (error: { readonly stdout?: string; readonly stderr?: string }) => {
        throw new Error(`${program} ${args.join(' ')} failed: ${error.stdout ?? ''}${error.stderr ?? ''}`)
      },
    )
    return stdout
  }
  return { folder, tarball, run }
}

/** Bytes of all files of a folder. */
export const bytesIn = (folder: string): number =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath ?? entry.path, entry.name)).size, 0)

/** The names of the packages in a node_modules folder. */
export const packagesIn = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => (name.startsWith('@') ? readdirSync(join(folder, name)).map((inner) => `${name}/${inner}`) : [name]))
