/** Align a checkpoint by KTO from code: load a Hugging Face directory, train on judged completions, save it. */
import { wasm } from 'halograd/backends/wasm'
import { getOrThrow, kto } from 'halograd/halos'
import { adamW, begin, linear, loadModel, modelFiles, toWeights, train, writeDirectoryAtomically } from 'halograd/models'

const [directory = 'model', out = 'aligned'] = process.argv.slice(2)
const { model, parameters, tokenizer } = await loadModel(directory)

/** What people said: a completion of a prompt, liked or not. */
const thumbs = ['cat', 'dog', 'mat', 'hen'].flatMap((animal) => [
  { prompt: `the ${animal} is`, completion: ' good', label: true },
  { prompt: `the ${animal} was`, completion: ' bad', label: false },
])
const examples = thumbs.map(({ prompt, completion, label }) => ({
  outcome: { prompt: tokenizer.encode(prompt), completion: tokenizer.encode(completion, { bos: false }) },
  label,
}))

const backend = await wasm()
const [steps, batch] = [20, 4]
const optimizer = adamW({ rate: linear({ rate: 5e-3, warmup: 2, steps }) })
const state = await train(begin(optimizer, parameters), {
  ...{ backend, model, loss: getOrThrow(kto({ beta: 0.1 })), optimizer, examples, batch, steps },
  onStep: ({ step, metrics }) => {
    if (step === 1 || step === steps)
      console.log(`step ${step}: loss ${metrics.loss?.toFixed(3)}, margin ${metrics['rewards/margins']?.toFixed(3)}`)
  },
})
await writeDirectoryAtomically(out, {
  ...modelFiles(model.config, await toWeights(backend, model.config, state.parameters)),
  'tokenizer.json': JSON.stringify(tokenizer.json),
  'tokenizer_config.json': JSON.stringify(tokenizer.config),
})
await backend.close?.()
