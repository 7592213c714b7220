/** What the browser runs: the same training as in Node, posted back to the page's server. */
import { wasm } from '../../backends/wasm/browser.ts'
import { descend } from './descend.ts'

const run = async (): Promise<unknown> => {
  const runs = [await descend(wasm, 1), await descend(wasm, 2)]
  return runs.map(({ mode, alive, results }) => ({ mode, alive, results: results.map((x) => [...x]) }))
}
const answer = await run().catch((reason: unknown) => ({ failed: String(reason) }))
await fetch('/answer', { method: 'POST', body: JSON.stringify(answer) })
