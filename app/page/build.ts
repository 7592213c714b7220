/**
 * The page as static files: `npm run page` bundles `app/page` with Vite into dist/page, from the compiled package, as a user's bundler would find it.
 *
 *     app/page imports '../../halos/index.ts'        the bundle has dist/halos/index.js, or its entry for browsers
 */
import { existsSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'vite'

const source = fileURLToPath(new URL('./', import.meta.url))
const root = resolve(source, '../..')

/** What the page imports from outside its folder is taken from dist, and from the entry for browsers where there is one. */
const fromPackage: Plugin = {
  name: 'halograd:from-package',
  enforce: 'pre',
  resolveId(id, importer) {
    if (importer === undefined || !id.startsWith('.') || !importer.startsWith(source)) return null
    const file = resolve(dirname(importer), id)
    if (file.startsWith(source)) return null
    const compiled = join(root, 'dist', relative(root, file)).replace(/\.ts$/, '.js')
    const forPage = compiled.replace(/index\.js$/, 'browser.js')
    return existsSync(forPage) ? forPage : compiled
  },
}

/** Bundle the page into a folder. */
export const buildPage = async (outDir: string): Promise<void> => {
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
    },
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildPage(join(root, 'dist/page'))
