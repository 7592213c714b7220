/**
 * Illegal programs do not compile, and the message says why. Each snippet is checked by the real compiler, in one run:
 * a legal one must pass, an illegal one must be refused with exactly the words shown.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import test, { after } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

const prelude = `
import { add, compileStep, dot, exp, fill, grad, mean, mul, rename, softmax, sum, take, type Backend, type Tensor, valueAndGrad } from '${root}/core/index.ts'
declare const x: Tensor<'batch' | 'seq' | 'embed'>
declare const w: Tensor<'embed' | 'hidden'>
declare const ids: Tensor<'batch' | 'seq'>
declare const table: Tensor<'vocab' | 'embed'>
declare const backend: Backend
interface Parameters { readonly w: Tensor<'embed' | 'hidden'>; readonly blocks: readonly { readonly bias: Tensor<'hidden'> }[] }
declare const parameters: Parameters
type Equal<X, Y> = (<T>() => T extends X ? 1 : 2) extends <T>() => T extends Y ? 1 : 2 ? true : false
export const is = <_ extends true>(): void => {}
export { add, backend, compileStep, dot, exp, fill, grad, ids, mean, mul, parameters, rename, softmax, sum, table, take, valueAndGrad, w, x, type Equal, type Parameters, type Tensor }
`

const legal: { readonly [what: string]: string } = {
  'a contraction removes the shared axis': `is<Equal<ReturnType<typeof f>, Tensor<'batch' | 'seq' | 'hidden'>>>(); function f() { return dot(x, w, 'embed') }`,
  'a reduction removes axes': `is<Equal<ReturnType<typeof f>, Tensor<'batch'>>>(); function f() { return sum(x, 'embed', 'seq') }`,
  'all axes reduced is a scalar': `is<Equal<ReturnType<typeof f>, Tensor>>(); function f() { return mean(x, 'embed', 'seq', 'batch') }`,
  'a rename swaps one name': `is<Equal<ReturnType<typeof f>, Tensor<'batch' | 'past' | 'embed'>>>(); function f() { return rename(x, 'seq', 'past') }`,
  'take replaces an axis by those of the index': `is<Equal<ReturnType<typeof f>, Tensor<'embed' | 'batch' | 'seq'>>>(); function f() { return take(table, 'vocab', ids) }`,
  'words broadcast by union': `is<Equal<ReturnType<typeof f>, Tensor<'batch' | 'seq' | 'embed'>>>(); function f() { return add(x, mul(ids, 2)) }`,
  'a shape gives the axes': `is<Equal<ReturnType<typeof f>, Tensor<'vocab' | 'embed'>>>(); function f() { return fill({ vocab: 3, embed: 4 }, 0) }`,
  'a gradient has the type of the parameters': `is<Equal<ReturnType<typeof f>, Parameters>>(); function f() { return grad((p: Parameters, x: Tensor<'batch' | 'embed'>) => sum(add(dot(x, p.w, 'embed'), p.blocks[0]!.bias), 'batch', 'hidden'))(parameters, fill({ batch: 1, embed: 2 }, 0)) }`,
  'the order of names does not matter': `export const y: Tensor<'b' | 'a'> = fill({ a: 1, b: 2 }, 0)`,
}

const illegal: { readonly [what: string]: readonly [code: string, message: RegExp] } = {
  'a misspelt axis': [`dot(x, w, 'embd')`, /Argument of type '"embd"' is not assignable to parameter of type '"embed"'/],
  'a contraction over an axis that only one side has': [
    `dot(x, w, 'hidden')`,
    /Argument of type '"hidden"' is not assignable to parameter of type '"embed"'/,
  ],
  'a softmax over an axis that is not there': [
    `softmax(ids, 'embed')`,
    /Argument of type '"embed"' is not assignable to parameter of type '"batch" \| "seq"'/,
  ],
  'a loss that was not averaged': [
    `grad((p: Parameters, x: Tensor<'batch' | 'embed'>) => dot(x, p.w, 'embed'))`,
    /Tensor<"batch" \| "hidden">' is not assignable to type 'Tensor<never>'/,
  ],
  'a tensor with more axes than asked for': [
    `((v: Tensor<'batch'>) => v)(ids)`,
    /'Tensor<"batch" \| "seq">' is not assignable to parameter of type 'Tensor<"batch">'/,
  ],
  'a tensor with fewer axes than asked for': [
    `((v: Tensor<'batch' | 'seq'>) => v)(sum(ids, 'seq'))`,
    /'Tensor<"batch">' is not assignable to parameter of type 'Tensor<"batch" \| "seq">'/,
  ],
  'a parameter that is not a tensor': [`grad((p: { w: Tensor<'a'>; name: string }) => sum(p.w, 'a'))`, /is not assignable to/],
  'the parameters of another model': [
    `grad((p: Parameters) => sum(p.w, 'embed', 'hidden'))({ w: table, blocks: [] })`,
    /Tensor<"embed" \| "vocab">' is not assignable to type 'Tensor<"embed" \| "hidden">'|Tensor<"vocab" \| "embed">' is not assignable to type 'Tensor<"embed" \| "hidden">'/,
  ],
  'a name where a tensor belongs': [
    `mul(x, 'seq')`,
    /Argument of type '"seq"' is not assignable|Argument of type 'string' is not assignable/,
  ],
  'one argument too many': [`add(x, ids, 1)`, /Expected 2 arguments, but got 3/],
  'a step that forgets part of its state': [
    `compileStep(backend, (state: Parameters) => [{ w: state.w }, {}] as const)`,
    /Property 'blocks' is missing/,
  ],
}

const folder = mkdtempSync(join(root, 'node_modules', '.types-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const names =
  'add, backend, compileStep, dot, exp, fill, grad, ids, is, mean, mul, parameters, rename, softmax, sum, table, take, valueAndGrad, w, x'
const snippet = (code: string): string => `import { ${names}, type Equal, type Parameters, type Tensor } from './prelude.ts'\n${code}\n`

const outputOf = (): string => {
  writeFileSync(join(folder, 'prelude.ts'), prelude)
  Object.values(legal).forEach((code, i) => {
    writeFileSync(join(folder, `allowed${i}.ts`), snippet(code))
  })
  Object.values(illegal).forEach(([code], i) => {
    writeFileSync(join(folder, `refused${i}.ts`), snippet(code))
  })
  const options = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
    include: ['*.ts'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options))
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
  try {
    return execFileSync(process.execPath, [tsc, '-p', folder, '--noEmit', '--pretty', 'false'], { encoding: 'utf8' })
  } catch (error) {
    if (error instanceof Error && 'stdout' in error) return String(error.stdout)
    throw error
  }
}
const messages = outputOf()
/** What the compiler says of one file: its first line and the lines indented under it. */
const about = (file: string): string =>
  messages
    .split(/\n(?=\S)/)
    .filter((message) => message.includes(`${file}.ts(`))
    .join('\n')

Object.keys(legal).forEach((what, i) => {
  test(`compiles: ${what}`, () => assert.equal(about(`allowed${i}`), ''))
})
Object.entries(illegal).forEach(([what, [, message]], i) => {
  test(`is refused: ${what}`, () => assert.match(about(`refused${i}`), message))
})
