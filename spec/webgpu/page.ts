/** What the browser runs: the same training as in Node, posted back to the page's server. */
import { webgpu } from '../../backends/webgpu/backend.ts'
import { descend } from '../wasm/descend.ts'

const run = async (): Promise<unknown> => {
  const { mode, alive, results } = await descend(() => webgpu(), 1)
  return { mode, alive, results: results.map((x) => [...x]) }
}
const answer = await run().catch((reason: unknown) => ({ failed: String(reason) }))
await fetch('/answer', { method: 'POST', body: JSON.stringify(answer) })
