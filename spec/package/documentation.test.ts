/**
 * The public surface is documented: every export of every entry has a doc comment of its own, and every `@example` type-checks against the
 * package and runs. An example that defines functions (`export const …`), because it needs a model or a device, is only loaded.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parseSync } from 'oxc-parser'
import { temporary } from '../app/fixture.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const backends = ['reference', 'wasm', 'webgpu', 'gpujs', 'plan'].map((name) => `backends/${name}/index.ts`)
const entries = ['core/index.ts', 'halos/index.ts', 'models/index.ts', 'backends/wasm/browser.ts', 'halograd.ts', ...backends]

interface Documented {
  readonly file: string
  readonly name: string
  /** Not a type alone. */
  readonly value: boolean
  /** The doc comment; undefined where there is none, or only that of the file. */
  readonly comment: string | undefined
  /** Its text, from `export` on. */
  readonly declaration: string
}

/** What a module exports, each with the comment of its declaration. */
const exportsOf = (file: string, text = readFileSync(join(root, file), 'utf8')): readonly Documented[] => {
  const { module, comments } = parseSync(file, text)
  const commentBefore = (start: number): string | undefined =>
    comments.find(
      ({ value, end, start: from }) => value.startsWith('*') && from > 0 && end <= start && text.slice(end, start).trim() === '',
    )?.value
  return module.staticExports.flatMap(({ start, end, entries }) =>
    entries.flatMap(({ moduleRequest, importName, exportName, isType }): readonly Documented[] => {
      const name = exportName.name ?? '*'
      if (moduleRequest === null || moduleRequest === undefined)
        return [{ file, name, value: !isType, comment: commentBefore(start), declaration: text.slice(start, end) }]
      const others = exportsOf(relative(root, resolve(root, dirname(file), moduleRequest.value)))
      return importName.kind === 'Name' ? others.filter((other) => other.name === importName.name) : others
    }),
  )
}
const surface = entries.flatMap((entry) => exportsOf(entry))

test('the reader of exports sees them through lists, and does not take the comment of a file for that of an export', () => {
  assert.ok(surface.length > 350)
  assert.ok(surface.some(({ file, name }) => file === 'halos/losses/kto.ts' && name === 'kto'))
  assert.equal(exportsOf('a.ts', '/** The file. */\nexport const a = 1')[0]?.comment, undefined)
  assert.equal(exportsOf('a.ts', '/** The file. */\n\n/** One. */\nexport const a = 1')[0]?.comment, '* One. ')
  assert.equal(exportsOf('a.ts', '/** The file. */\n\nexport const a = {\n  /** A field. */\n  b: 1,\n}')[0]?.comment, undefined)
  assert.equal(exportsOf('a.ts', '/** The file. */\n/** One. */\nexport const a = 1\nexport type B = 1')[1]?.comment, undefined)
})

test('every public export has a doc comment', () => {
  assert.deepEqual(
    surface.flatMap(({ file, name, comment }) => (comment === undefined ? [`${file}: ${name}`] : [])),
    [],
  )
})

test('npm run docs documents what package.json exports', () => {
  const { exports }: { readonly exports: Readonly<Record<string, { readonly types?: string }>> } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  )
  const { entryPoints }: { readonly entryPoints: readonly string[] } = JSON.parse(readFileSync(join(root, 'typedoc.json'), 'utf8'))
  const exported = Object.values(exports).flatMap(({ types }) => types?.replace(/^\.\/dist\/(.*)\.d\.ts$/, '$1.ts') ?? [])
  assert.deepEqual([...entryPoints].sort(), exported.sort())
})

test('entries list what they export by name', () => {
  const lists = ['core/index.ts', 'halos/index.ts', 'models/browser.ts']
  for (const entry of lists) assert.doesNotMatch(readFileSync(join(root, entry), 'utf8'), /^export \*/m, entry)
})

const examples = [
  ...new Map(
    surface.flatMap(({ name, comment = '' }) =>
      [...comment.matchAll(/@example\n \* ```ts\n([\s\S]*?) \* ```/g)].map(
        ([, code = '']) => [name, code.replace(/^ \* ?/gm, '')] as const,
      ),
    ),
  ),
]

test('every public function, constant and class has an example', () => {
  const undemonstrated = surface.filter(({ value, comment = '' }) => value && !/@example|@internal/.test(comment))
  assert.deepEqual(
    undemonstrated.map(({ file, name }) => `${file}: ${name}`),
    [],
  )
})

test('a public function that throws says what', () => {
  assert.deepEqual(
    surface.flatMap(({ file, name, comment = '', declaration }) =>
      /\bthrow\b|\bgetOrThrow\(/.test(declaration) && !comment.includes('@throws') ? [`${file}: ${name}`] : [],
    ),
    [],
  )
})

test('every example type-checks and runs', {
  skip: !existsSync(join(root, 'dist/index.js')) && 'there is no dist/: npm run build',
}, async () => {
  const folder = temporary()
  for (const name of readdirSync(root))
    if (/^(dist|node_modules|package.json|tsconfig.json)$/.test(name)) symlinkSync(join(root, name), join(folder, name))
  for (const [name, code] of examples) writeFileSync(join(folder, `${name}.ts`), `${code}\nexport {}\n`)
  const options = { noUnusedLocals: false, skipLibCheck: true }
  const include = examples.map(([name]) => `${name}.ts`)
  writeFileSync(join(folder, 'examples.json'), JSON.stringify({ extends: './tsconfig.json', compilerOptions: options, include }))
  const run = (...args: readonly string[]) =>
    promisify(execFile)(process.execPath, [...args], { cwd: folder }).catch(
      (error: { readonly stdout?: string; readonly stderr?: string }) =>
        assert.fail(`${args.join(' ')}: ${error.stdout ?? ''}${error.stderr ?? ''}`),
    )
  await run('node_modules/typescript/bin/tsc', '-p', 'examples.json')
  writeFileSync(join(folder, 'all.ts'), include.map((file) => `await import('./${file}')\n`).join(''))
  await run('--import', 'tsx', 'all.ts')
})
