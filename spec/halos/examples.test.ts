/**
 * What the examples of halos print is what their comments say: `console.log(x) // 2` prints 2. That they type-check is tested with those of
 * all folders (spec/package/documentation.test.ts).
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporary } from '../app/fixture.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const files = readdirSync(join(root, 'halos'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))

interface Example {
  readonly name: string
  readonly code: string
}
const examplesOf = (file: string): readonly Example[] =>
  [
    ...readFileSync(join(root, 'halos', file), 'utf8').matchAll(
      /@example\n \* ```ts\n((?: \*.*\n)*?) \* ```\n(?:(?: \*.*\n)*?) \*\/\nexport const (\w+)/g,
    ),
  ].map(([, code = '', name = '']) => ({ name, code: code.replace(/^ \* ?/gm, '') }))
const examples = files.flatMap(examplesOf)
const expected = ({ code }: Example): readonly string[] =>
  [...code.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].map(([, text = '']) => text)

test('examples print what their comments say', {
  skip: !existsSync(join(root, 'dist/index.js')) && 'there is no dist/: npm run build',
}, () => {
  assert.ok(examples.length > 90, `${examples.length} examples`)
  const folder = temporary()
  for (const name of ['dist', 'node_modules', 'package.json', 'tsconfig.json']) symlinkSync(join(root, name), join(folder, name))
  for (const { name, code } of examples) writeFileSync(join(folder, `${name}.ts`), `${code}\nexport {}\n`)
  const imports = examples.map(({ name }) => `lines = []; await import('./${name}.ts'); printed['${name}'] = lines`)
  const script = [
    "import { format } from 'node:util'",
    'const [printed, print] = [{}, console.log]; let lines = []',
    'console.log = (...xs) => lines.push(format(...xs))',
    ...imports,
    'print(JSON.stringify(printed))',
  ]
  writeFileSync(join(folder, 'all.mjs'), script.join('\n'))
  const output = execFileSync(process.execPath, ['--import', 'tsx', 'all.mjs'], { cwd: folder, encoding: 'utf8' })
  const printed: Readonly<Record<string, readonly string[]>> = JSON.parse(output)
  const wrong = examples.flatMap((example) => {
    const [found, wanted] = [printed[example.name]?.join(', '), expected(example).join(', ')]
    return found === wanted ? [] : [`${example.name} prints ${found}, not ${wanted}`]
  })
  assert.deepEqual(wrong, [])
})
