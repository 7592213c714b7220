/**
 * The page as static files: `npm run page` bundles `app/page` with Vite into dist/page, from the compiled package, as a user's bundler would find it.
 *
 *     app/page imports '../../halos/index.ts'        the bundle has dist/halos/index.js, or its entry for browsers
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'vite'
import type { DemoSize } from '../demo/recipe.ts'
import { smallModel } from './small-model.ts'
import { theoremsIn } from './theory/theorems.ts'

const source = fileURLToPath(new URL('./', import.meta.url))
const root = resolve(source, '../..')
const dist = join(root, 'dist')

/** What the page imports from outside its folder is taken from dist, and from the entry for browsers where there is one. */
const fromPackage: Plugin = {
  name: 'halograd:from-package',
  enforce: 'pre',
  resolveId(id, importer) {
    if (importer === undefined || !id.startsWith('.') || !(importer.startsWith(source) || importer.startsWith(dist))) return null
    const file = resolve(dirname(importer), id)
    if (file.startsWith(source)) return null
    const compiled = file.startsWith(dist) ? file : join(dist, relative(root, file)).replace(/\.ts$/, '.js')
    const entries = compiled.endsWith('index.js') ? ['browser.js', 'backend.js'].map((name) => join(dirname(compiled), name)) : []
    return { id: entries.find((entry) => existsSync(entry)) ?? compiled, moduleSideEffects: false }
  },
}

/** Bundle the page into a folder, with its model. Models are kept in `cache`. */
export const buildPage = async (outDir: string, size: DemoSize, cache: string): Promise<void> => {
  await build({
    ...{ root: source, base: './', configFile: false, logLevel: 'warn', plugins: [fromPackage] },
    worker: { format: 'es', plugins: () => [fromPackage] },
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2022',
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 1000,
      rolldownOptions: {
        checks: { pluginTimings: false },
        input: { index: join(source, 'index.html'), isolate: join(source, 'isolate.ts') },
        // A service worker has the scope of its folder: it lies beside index.html, under a name that stays.
        output: { entryFileNames: ({ name }) => (name === 'isolate' ? 'isolate.js' : 'assets/[name]-[hash].js') },
      },
    },
  })
  const theorems = theoremsIn(await readFile(join(root, 'docs/theory.md'), 'utf8'))
  await writeFile(join(outDir, 'theorems.json'), JSON.stringify(theorems))
  await mkdir(join(outDir, 'model'))
  for (const [name, bytes] of await smallModel(size, cache, console.log)) await writeFile(join(outDir, 'model', name), bytes)
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await buildPage(join(root, 'dist/page'), process.argv.includes('--small') ? 'small' : 'full', join(root, 'node_modules/.cache/halograd'))
