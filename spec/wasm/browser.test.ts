/** The same bits in Chromium as in Node, on one thread and on two: the page's workers are the browser's. */
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { wasm } from '../../backends/wasm/index.ts'
import { noBrowser, visit } from '../browser.ts'
import { descend } from './descend.ts'

test('Chromium computes the same bits as Node, on one thread and on two', { skip: noBrowser, timeout: 60000 }, async () => {
  const entry = fileURLToPath(new URL('page.ts', import.meta.url))
  const bundle = await build({ entryPoints: [entry], bundle: true, format: 'esm', platform: 'browser', target: 'es2022', write: false })
  const here = await descend(wasm, 1)
  const there: unknown = JSON.parse(await visit(bundle.outputFiles[0]!.text))
  const results = here.results.map((x) => [...x])
  assert.deepEqual(there, [
    { mode: '1 thread', alive: 0, results },
    { mode: '2 threads', alive: 0, results },
  ])
})
