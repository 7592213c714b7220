/** The structure of the repository, as assertions: who imports whom, through which door, and how long a file may be. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { longFunctions } from './functions.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folders = ['core', 'backends', 'halos', 'models', 'app', 'spec'] as const
type Folder = (typeof folders)[number]

/** core ← {backends, halos, models} ← app ← spec; siblings do not know each other, but models train by the loss contract of halos. */
const mayImport: { readonly [F in Folder]: readonly Folder[] } = {
  core: [],
  backends: ['core'],
  halos: ['core'],
  models: ['core', 'halos'],
  app: ['core', 'backends', 'halos', 'models'],
  spec: ['core', 'backends', 'halos', 'models', 'app'],
}
/**
 * Inside a folder, what each subfolder may import of the others, in this order: lower layers first. Layers of one line do not know each other,
 * except where an arrow is named.
 */
const layers: { readonly [F in Folder]?: readonly (readonly string[])[] } = {
  models: [['io'], ['text'], ['data'], ['nets'], ['checkpoints', 'training', 'generation']],
  app: [
    ['terminal'],
    ['inputs'],
    ['inference'],
    ['judge', 'bench', 'collect'],
    ['run'],
    ['handover', 'rounds'],
    ['conform', 'demo', 'reproduce'],
    ['page'],
    ['cli'],
  ],
}
/** Lines of code a file may have: three screens; a test file lists cases. */
const budget = (file: string): number => (file.startsWith('spec') ? 400 : 260)

/** Lines of code a function may have. */
const screen = 60

const sources = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
const all = folders.flatMap(sources)
const text = (file: string): string => readFileSync(join(root, file), 'utf8')
const imports = (file: string): readonly string[] =>
  [
    ...text(file)
      .replace(/\/\*\*[\s\S]*?\*\//g, '')
      .matchAll(/\bfrom '([^'\n]+)'|^import '([^'\n]+)'|\bimport\('([^'\n]+)'\)/gm),
  ].map((found) => found[1] ?? found[2] ?? found[3]!)
const top = (file: string): string => file.split('/')[0]!
/** The file inside the repository that an import names, if it is one. */
const target = (file: string, name: string): string | undefined =>
  name.startsWith('.') ? relative(root, resolve(root, dirname(file), name)) : undefined
/** Imports that load a module with the file, types included; `import()` waits until it is asked. */
const staticImports = (file: string): readonly string[] =>
  [...text(file).matchAll(/\bfrom '(\.[^'\n]+)'/g)].flatMap((found) => target(file, found[1]!) ?? []).filter((other) => all.includes(other))
const inside = (file: string): readonly string[] => imports(file).flatMap((name) => target(file, name) ?? [])

test('there are sources to look at, and the reader of imports sees them', () => {
  assert.ok(all.length > 30)
  assert.ok(inside('core/ops.ts').includes('core/tensor.ts'))
})

for (const folder of folders)
  test(`${folder} imports only ${['itself', ...mayImport[folder]].join(', ')}`, () => {
    const allowed: readonly string[] = [folder, ...mayImport[folder]]
    const wrong = sources(folder).flatMap((file) =>
      inside(file)
        .filter((other) => !allowed.includes(top(other)))
        .map((other) => `${file} → ${other}`),
    )
    assert.deepEqual(wrong, [])
  })

for (const [folder, order] of Object.entries(layers))
  test(`${folder}: ${order.map((layer) => layer.join(', ')).join(' ← ')}`, () => {
    const rank = (sub: string): number => order.findIndex((layer) => layer.includes(sub))
    const wrong = sources(folder).flatMap((file) => {
      const [, from = ''] = file.split('/')
      return inside(file).flatMap((other) => {
        const [top, to = ''] = other.split('/')
        const allowed = top !== folder || !to || to === from || rank(from) < 0 || rank(to) < rank(from)
        return allowed ? [] : [`${file} → ${other}`]
      })
    })
    assert.deepEqual(wrong, [])
  })

test('imports have no cycles, not even of types alone', () => {
  const state = new Map<string, 'open' | 'done'>()
  const cycles: string[] = []
  const visit = (file: string, path: readonly string[]): void => {
    if (state.get(file) === 'done') return
    if (state.get(file) === 'open') {
      cycles.push([...path.slice(path.indexOf(file)), file].join(' → '))
      return
    }
    state.set(file, 'open')
    for (const other of staticImports(file)) visit(other, [...path, file])
    state.set(file, 'done')
  }
  for (const file of all.filter((each) => top(each) !== 'spec')) visit(file, [])
  assert.deepEqual(cycles, [])
})

test("a folder's index.ts, and internal.ts for its siblings, are its only doors", () => {
  const wrong = all.flatMap((file) =>
    inside(file)
      .filter((other) => top(other) !== top(file) && top(file) !== 'spec' && !/^[^/]+(\/[^/]+)?\/(index|internal)\.ts$/.test(other))
      .map((other) => `${file} → ${other}`),
  )
  assert.deepEqual(wrong, [])
})

test('backends share only the planner, and how a GPU is found', () => {
  const shared = ['backends/plan', 'backends/graphics']
  const folderOf = (file: string): string => file.split('/').slice(0, 2).join('/')
  const wrong = sources('backends')
    .filter((file) => file !== 'backends/index.ts')
    .flatMap((file) =>
      inside(file)
        .filter((other) => top(other) === 'backends' && folderOf(other) !== folderOf(file) && !shared.includes(folderOf(other)))
        .map((other) => `${file} → ${other}`),
    )
  assert.deepEqual(wrong, [])
})

test('a type has one name, and a name one type', () => {
  const files = new Map<string, string[]>()
  for (const file of all.filter((each) => !each.startsWith('spec/') && each.endsWith('.ts')))
    for (const [, name = ''] of text(file).matchAll(/^(?:export )?(?:declare )?(?:interface|type|class)\s+(\w+)/gm))
      files.set(name, [...(files.get(name) ?? []), file])
  const shared = [...files].filter(([, where]) => where.length > 1).map(([name, where]) => `${name}: ${where.join(', ')}`)
  assert.deepEqual(shared, [], 'qualify one of them by what it is about')
})

/** Lines that are neither blank nor comments: documentation costs no budget. */
const codeLines = (file: string): number =>
  text(file)
    .replace(/\/\*\*[\s\S]*?\*\//g, '')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.trim().startsWith('//')).length

test('core depends on fp-ts and nothing else, and is under 1,400 lines of code', () => {
  const outside = sources('core').flatMap((file) => imports(file).filter((name) => !name.startsWith('.')))
  assert.deepEqual(
    [...new Set(outside)].filter((name) => name !== 'fp-ts'),
    [],
  )
  const lines = sources('core').reduce((n, file) => n + codeLines(file), 0)
  assert.ok(lines < 1400, `core has ${lines} lines`)
})

test('every file is one idea: it opens with what it is, and keeps to its budget', () => {
  const long = all.filter((file) => codeLines(file) > budget(file)).map((file) => `${file}: ${codeLines(file)} lines of code`)
  assert.deepEqual(long, [])
  const silent = all.filter((file) => !/^(#!.*\n)?\/\*\*/.test(text(file)))
  assert.deepEqual(silent, [])
})

/** Functions that are still longer than a screen, and their lines of code. The list only shrinks, and so do its numbers. */
const longStill: Readonly<Record<string, number>> = {}

test('a function fits a screen', () => {
  const products = all.filter((file) => !file.startsWith('spec/') && file.endsWith('.ts'))
  const long = products.flatMap((file) => longFunctions(text(file), screen).map(({ name, lines }) => ({ name: `${file}:${name}`, lines })))
  const longer = long.filter(({ name, lines }) => lines > (longStill[name] ?? screen))
  assert.deepEqual(longer, [], 'split them into functions that have a name')
  const done = Object.keys(longStill).filter((name) => !long.some((other) => other.name === name))
  assert.deepEqual(done, [], 'these fit by now: take them off the list')
})

test('the lines of a function are its code: neither comments nor blank lines, but what it encloses', () => {
  const source =
    'const f = (x: number) => {\n  // why\n  /* and\n     how */\n\n  const g = () => {\n    return "// no comment"\n  }\n  return g\n}'
  assert.deepEqual(longFunctions(source, 0), [
    { name: 'f', lines: 6 },
    { name: 'g', lines: 3 },
  ])
  assert.deepEqual(longFunctions(source, 5), [{ name: 'f', lines: 6 }])
  assert.deepEqual(longFunctions(source, 6), [])
})

test('no any, no suppressed errors, no fp-ts sub-paths, no path of somebody’s machine', () => {
  const forbidden = [/: any(?![\w ])/, /\bas any\b(?! [a-z])/, /@ts-ignore/, /from 'fp-ts\//, /\/(work|home|Users)\/[a-z]/]
  const wrong = all
    .filter((file) => file !== 'spec/architecture.test.ts')
    .flatMap((file) => forbidden.filter((pattern) => pattern.test(text(file))).map((pattern) => `${file}: ${pattern}`))
  assert.deepEqual(wrong, [])
})

test('nothing is looked up by `in`, or in a table by a name from outside: both find what every object inherits', () => {
  const ignored = /\/\*[\s\S]*?\*\/|\/\/.*|`(?:[^`\\]|\\.)*`|'[^'\n]*'|"[^"\n]*"/g
  const products = all.filter((file) => !file.startsWith('spec/') && file.endsWith('.ts'))
  const code = new Map(products.map((file) => [file, text(file).replace(ignored, "''")]))
  // `'label' in x` asks for a name of ours, and narrows types. Loops and mapped types look for nothing.
  const asked = products.flatMap((file) =>
    (code.get(file) ?? '')
      .split('\n')
      .filter((line) => /[\w)\]] in (?!keyof\b)\w/.test(line) && !/\bfor \(|\[\w+ in /.test(line))
      .map((line) => `${file}: ${line.trim()}: Object.hasOwn`),
  )
  assert.deepEqual(asked, [])
  const tables = products.flatMap((file) =>
    [...(code.get(file) ?? '').matchAll(/^(?:export )?const (\w+): Readonly<Record<string,/gm)].flatMap(([, table]) =>
      products
        .filter((user) => user === file || text(user).includes(`${table},`))
        .filter(
          (user) => new RegExp(`(?<![\\w.])${table}\\[(?!')`).test(code.get(user) ?? '') && !text(user).includes(`Object.hasOwn(${table},`),
        )
        .map((user) => `${user}: ${table}[…]: own(${table}, …)`),
    ),
  )
  // certificate.ts lets no operation through that is not in `arity`, whose keys are these.
  assert.deepEqual(tables, ['app/check/jet.ts: smooth[…]: own(smooth, …)'])
})
