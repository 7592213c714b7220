/** A character model, trained from scratch on one's own text, and asked to go on. */
import { wasm } from 'halograd/backends/wasm'
import { getOrThrow, sft } from 'halograd/halos'
import { adamW, begin, cosine, generator, initialize, type ModelConfig, train, transformer } from 'halograd/models'

const text = 'the sea is calm and the ship is sound. '.repeat(60)
const characters = [...new Set(text)].sort()
const tokens = [...text].map((character) => characters.indexOf(character))
const spell = (ids: readonly number[]) => ids.map((id) => characters[id]).join('')

const config: ModelConfig = {
  ...{ family: 'gpt2', vocab: characters.length, context: 48, embed: 32, layers: 2, heads: 2, keyValueHeads: 2, headSize: 16, hidden: 128 },
  ...{ activation: 'geluTanh', normEpsilon: 1e-5, ropeTheta: 10000, rotation: 'half', tied: true },
}
/** Windows of the text: the first character is given, the others are predicted. */
const examples = Array.from({ length: 64 }, (_, i) => ({
  outcome: { prompt: tokens.slice(31 * i, 31 * i + 1), completion: tokens.slice(31 * i + 1, 31 * i + 33) },
}))

const backend = await wasm()
const steps = 60
const optimizer = adamW({ rate: cosine({ rate: 1e-2, warmup: 5, steps }), weightDecay: 0.1 })
const model = transformer(config)
const { parameters } = await train(begin(optimizer, initialize(config, 1)), {
  ...{ backend, model, loss: getOrThrow(sft({})), optimizer, examples, batch: 16, steps },
  onStep: ({ step, metrics }) => {
    if (step % 20 === 0) console.log(`step ${step}: loss ${metrics.loss?.toFixed(3)}`)
  },
})
const [answer] = await generator(backend, model)(parameters, [[...'the sea'].map((c) => characters.indexOf(c))], {
  maxTokens: 30,
  temperature: 0,
})
console.log(`the sea${spell(answer?.tokens ?? [])}`)
await backend.close?.()
