/**
 * The package: TypeScript compiled into `dist/`, file by file, with types and source maps.
 *
 *     npm run build        dist/{core,halos,models,backends,app}/…  and  dist/index.js
 *
 * Modules that find others by reading their folder are replaced by listings, because pages have no file system.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const dist = join(root, 'dist')

/** Modules whose only export, `modules`, loads every file of the folder that has their name, by name. */
const listings = ['halos/losses.ts', 'models/data/import/presets.ts', 'models/nets/families.ts']
/** Files that run as they are. */
const copies = ['backends/wasm/blas.mjs', 'app/bench/contestants/pytorch.py']
/** …and folders of them. */
const copiedFolders = ['app/handover/python', 'app/conform/python']

const compile = (): void => {
  rmSync(dist, { recursive: true, force: true })
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')
  execFileSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' })
}

/** `import * as m0 from './losses/dpo.js'; …; export const modules = async () => ({ dpo: m0, … })`. */
const list = (source: string): void => {
  const folder = source.replace(/\.ts$/, '')
  const names = readdirSync(join(root, folder)).flatMap((file) => /^(.+)\.ts$/.exec(file)?.[1] ?? [])
  const imports = names.sort().map((name, i) => `import * as m${i} from './${basename(folder)}/${name}.js'\n`)
  const entries = names.map((name, i) => `'${name}': m${i}`)
  const target = join(dist, `${folder}.js`)
  if (!readFileSync(target, 'utf8').includes('export const modules')) throw new Error(`${source} has no export \`modules\` to replace`)
  writeFileSync(target, `${imports.join('')}export const modules = async () => ({ ${entries.join(', ')} })\n`)
  rmSync(`${target}.map`, { force: true })
}

compile()
listings.forEach(list)
for (const file of copies) copyFileSync(join(root, file), join(dist, file))
for (const folder of copiedFolders) cpSync(join(root, folder), join(dist, folder), { recursive: true })
chmodSync(join(dist, 'app/cli/bin.js'), 0o755)
