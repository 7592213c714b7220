/** A program of a user: three steps of KTO on a tiny Llama, by the installed package alone. The same text runs in Node and in a page. */
import { wasm } from 'halograd/backends/wasm'
import { leaves, read } from 'halograd/core'
import { getOrThrow, kto } from 'halograd/halos'
import { adamW, begin, constantRate, initialize, train, transformer } from 'halograd/models'

const config = {
  ...{ family: 'llama', vocab: 24, context: 16, embed: 16, layers: 2, heads: 2, keyValueHeads: 1, headSize: 8, hidden: 24 },
  ...{ activation: 'silu', normEpsilon: 1e-5, ropeTheta: 10000, rotation: 'half', tied: true },
}
const examples = Array.from({ length: 16 }, (_, i) => ({
  outcome: { prompt: [i, (i * 7) % 24, 3], completion: [(i * 5) % 24, (i * 11) % 24] },
  label: i % 2 === 0,
}))

/** The losses of the steps, and all parameters after them. */
export const program = async () => {
  const backend = await wasm({ threads: 2 })
  const optimizer = adamW({ rate: constantRate(1e-2) })
  const losses = []
  const options = { backend, model: transformer(config), loss: getOrThrow(kto()), optimizer, examples, batch: 8, steps: 3, seed: 1 }
  const onStep = ({ metrics }) => void losses.push(metrics.loss)
  const state = await train(begin(optimizer, initialize(config, 1, 0.2)), { ...options, onStep })
  const parameters = []
  for (const leaf of leaves(state.parameters)) parameters.push(...(await read(backend, leaf)))
  await backend.close()
  return { losses, parameters }
}
