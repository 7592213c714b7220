/**
 * Pack, install, use: what a newcomer does, in an empty folder. Every subpath is imported in plain Node and type-checked strictly, without
 * skipLibCheck; a page is bundled by esbuild and by Vite, and trains to the same bits as Node.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { build as esbuild } from 'esbuild'
import { publint } from 'publint'
import { build as vite } from 'vite'
import { noBrowser, visit } from '../browser.ts'
import { bytesIn, type Installed, install, packagesIn } from './install.ts'

const subpaths = [
  '',
  '/core',
  '/halos',
  '/models',
  '/backends/reference',
  '/backends/wasm',
  '/backends/webgpu',
  '/backends/gpujs',
  '/backends/plan',
]
const found = install()
const skip = typeof found === 'string' ? found : false
const installed: Installed = typeof found === 'string' ? { folder: '', tarball: '', run: async () => found } : found
const put = (name: string, text: string): string => {
  writeFileSync(join(installed.folder, name), text)
  return join(installed.folder, name)
}

test('a library user installs at most 15 packages and 25 MB', { skip }, (t) => {
  const modules = join(installed.folder, 'node_modules')
  const [packages, megabytes] = [packagesIn(modules), bytesIn(modules) / 1e6]
  t.diagnostic(`${packages.length} packages, ${megabytes.toFixed(1)} MB: ${packages.join(', ')}`)
  assert.ok(packages.length <= 15, packages.join())
  assert.ok(megabytes <= 25, `${megabytes} MB`)
})

test('every subpath is imported by plain Node', { skip }, async () => {
  const program = put(
    'imports.js',
    subpaths
      .map((path, i) => `import * as m${i} from 'halograd${path}'\nif (Object.keys(m${i}).length === 0) throw new Error('${path}')`)
      .join('\n'),
  )
  await installed.run(program)
})

for (const resolution of ['nodenext', 'bundler'])
  test(`types are strict without skipLibCheck: ${resolution}`, { skip }, async () => {
    const names = subpaths.map((_, i) => `m${i}`).join(', ')
    const file = put(
      'types.ts',
      `${subpaths.map((path, i) => `import * as m${i} from 'halograd${path}'`).join('\n')}\nexport const all = [${names}]\n`,
    )
    const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')
    const module = resolution === 'nodenext' ? ['--module', 'nodenext'] : ['--module', 'esnext', '--moduleResolution', 'bundler']
    await installed.run(tsc, '--noEmit', '--strict', '--skipLibCheck', 'false', '--target', 'es2022', '--types', '', ...module, file)
  })

test('publint and arethetypeswrong find nothing', { skip }, async () => {
  const { messages } = await publint({ pkgDir: join(installed.folder, 'node_modules/halograd'), pack: false })
  assert.deepEqual(messages, [])
  const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(installed.tarball))))
  assert.ok(analysis.types)
  // The package is ESM: `require` and the resolution of Node 10 are not among what it promises.
  const promised = analysis.problems.filter(
    (problem) => !('resolutionKind' in problem) || !/node10|node16-cjs/.test(problem.resolutionKind),
  )
  assert.deepEqual(promised, [])
})

test('the command runs without a TypeScript loader, and says what it is', { skip }, async () => {
  const bin = join(installed.folder, 'node_modules/halograd/dist/app/cli/bin.js')
  assert.match(await installed.run(bin, '--help'), /^Usage: halograd/)
  assert.match(await installed.run(bin, 'verify', 'kto'), /^KTO: HALO/)
  await assert.rejects(installed.run(bin, 'plot', 'utility', 'kto', '--out', 'kto.svg'), /npm install @observablehq\/plot/)
})

/** Minified, for a page. */
const bundle = async (entry: string): Promise<string> => {
  const { outputFiles } = await esbuild({
    ...{ entryPoints: [entry], absWorkingDir: installed.folder, bundle: true, minify: true, write: false },
    ...{ format: 'esm', platform: 'browser', target: 'es2022' },
  })
  return outputFiles[0]!.text
}

test('bundles for a page keep to their budgets and need nothing of Node', { skip }, async (t) => {
  const budgets = { core: 20_000, halos: 200_000, models: 260_000, 'backends/wasm': 110_000, 'backends/reference': 40_000 }
  for (const [path, budget] of Object.entries(budgets)) {
    const text = await bundle(put('bundle.js', `export * from 'halograd/${path}'\n`))
    t.diagnostic(`halograd/${path}: ${text.length} bytes of ${budget}`)
    assert.ok(text.length <= budget, `halograd/${path} is ${text.length} bytes`)
    assert.doesNotMatch(text, /["'`]node:|\bkoffi\b|["'`]webgpu["'`]/)
  }
})

test('a page trains to the bits that Node gets, bundled by esbuild and by Vite', {
  skip: skip || noBrowser,
  timeout: 120_000,
}, async () => {
  put('node.js', "import { program } from './program.js'\nconsole.log(JSON.stringify(await program()))\n")
  const here: unknown = JSON.parse(await installed.run('node.js'))
  const page = put(
    'page.js',
    `import { program } from './program.js'
const answer = await program().catch((error) => ({ failed: String(error) }))
await fetch('/answer', { method: 'POST', body: JSON.stringify(answer) })
`,
  )
  assert.deepEqual(JSON.parse(await visit(await bundle(page))), here)
  const made = await vite({
    ...{ root: installed.folder, logLevel: 'silent', configFile: false },
    build: { write: false, target: 'es2022', modulePreload: false, lib: { entry: page, formats: ['es'] } },
  })
  const [first] = Array.isArray(made) ? made : [made]
  assert.ok(first !== undefined && 'output' in first)
  const chunk = first.output.find((each) => each.type === 'chunk' && each.isEntry)
  assert.ok(chunk?.type === 'chunk')
  assert.deepEqual(JSON.parse(await visit(chunk.code)), here)
})
