/**
 * In a page: the same training on `navigator.gpu` as on WebAssembly in Node, within the rounding of float32; and a bundle that is small and needs
 * nothing of Node.
 */
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { wasm } from '../../backends/wasm/index.ts'
import { noBrowser, softwareGpu, visit } from '../browser.ts'
import { descend } from '../wasm/descend.ts'

const options = { bundle: true, minify: true, format: 'esm', platform: 'browser', target: 'es2022', write: false } as const

test('Chromium trains on navigator.gpu as Node does on WebAssembly', { skip: noBrowser, timeout: 120_000 }, async () => {
  const { outputFiles } = await build({ ...options, entryPoints: [fileURLToPath(new URL('page.ts', import.meta.url))] })
  const { results: want } = await descend(wasm, 1)
  const there = JSON.parse(await visit(outputFiles[0]!.text, softwareGpu)) as {
    mode: string
    alive: number
    results: number[][]
    failed?: string
  } // what the page posts
  assert.equal(there.failed, undefined)
  assert.match(there.mode, /swiftshader/i)
  assert.equal(there.alive, 0)
  assert.equal(there.results.length, want.length)
  for (const [i, x] of want.entries())
    for (const [j, value] of x.entries()) {
      const got = there.results[i]![j]!
      assert.ok(Math.abs(got - value) <= 2e-5 * Math.max(1, Math.abs(value)), `result ${i}[${j}] is ${got}, not ${value}`)
    }
})

test('a page takes at most 60 kB for core and this backend, 50 for the planner that backends share, and nothing of Node', async (t) => {
  const resolveDir = fileURLToPath(new URL('../../', import.meta.url))
  const contents = "export * from './core/index.ts'\nexport * from './backends/webgpu/backend.ts'"
  const { outputFiles, metafile } = await build({ ...options, metafile: true, stdin: { contents, resolveDir } })
  const bytes = (folder: RegExp): number =>
    Object.values(metafile.outputs).reduce(
      (sum, { inputs }) =>
        sum + Object.entries(inputs).reduce((n, [file, { bytesInOutput }]) => (folder.test(file) ? n + bytesInOutput : n), 0),
      0,
    )
  const [own, planner] = [bytes(/core|backends\/(webgpu|graphics)/), bytes(/backends\/plan/)]
  const text = outputFiles[0]!.text
  t.diagnostic(`${own} bytes, and ${planner} of the planner; ${gzipSync(text).length} bytes in all when compressed`)
  assert.ok(own > 40_000 && own <= 60_000, `${own} bytes`)
  assert.ok(planner <= 50_000, `${planner} bytes`)
  assert.doesNotMatch(text, /["'`]node:|\bkoffi\b|["'`]webgpu["'`]\)/)
})
