/** The small world of app/reproduce as a model directory with a tokenizer, prompts as a file, and its oracle as a judge: what commands can work with. */
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { saveCheckpoint } from '../../app/inputs/checkpoint.ts'
import { demonstrations, preferences } from '../../app/reproduce/data.ts'
import { context } from '../../app/reproduce/recipe.ts'
import { dice, drawTask, end, vocabulary, type WorldTokens } from '../../app/reproduce/world.ts'
import { wasm } from '../../backends/index.ts'
import { getOrThrow, sft } from '../../halos/index.ts'
import { adamW, begin, initialize, linear, type ModelConfig, tokenizerOf, train, transformer } from '../../models/index.ts'
import { jsonLines } from './fixture.ts'

/** A character a token; the token that ends an answer is special. */
const letters = '.\0Q=xyz+-abcdefghijABCDEFGH'
const textOf = (tokens: WorldTokens): string => tokens.map((token) => letters[token]).join('')

const tokenizer = () => {
  const vocab = Object.fromEntries([...letters].map((letter, id) => [id === end ? '<|end|>' : letter, id]))
  const json = {
    ...{ version: '1.0', truncation: null, padding: null, normalizer: null, post_processor: null },
    added_tokens: [{ id: end, content: '<|end|>', special: true, single_word: false, lstrip: false, rstrip: false, normalized: false }],
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
    model: { type: 'BPE', unk_token: null, fuse_unk: false, byte_fallback: false, vocab, merges: [] },
  }
  return tokenizerOf(json, { eos_token: '<|end|>' })
}

const config: ModelConfig = {
  ...{ family: 'gpt2', vocab: vocabulary, context, embed: 32, layers: 2, heads: 4, keyValueHeads: 4, headSize: 8, hidden: 128 },
  ...{ activation: 'geluTanh', normEpsilon: 1e-5, ropeTheta: 10000, rotation: 'half', tied: true, eos: end },
}

/** A model that has learnt from what people answer: it knows the task, makes their mistakes, and rambles as they do. */
export const worldModel = async (directory: string, steps: number): Promise<string> => {
  const backend = await wasm({ threads: 1 })
  const optimizer = adamW({ rate: linear({ rate: 1e-2, warmup: 20, steps }), beta2: 0.99 })
  const examples = demonstrations(preferences({ pairs: 4000 }, 1))
  const state = await train(begin(optimizer, initialize(config, 1, 0.8 / Math.sqrt(config.embed))), {
    ...{ backend, model: transformer(config), loss: getOrThrow(sft()), optimizer, examples, batch: 64, seed: 1, steps, bucket: 8 },
  })
  await saveCheckpoint(directory, backend, { config, parameters: state.parameters, tokenizer: tokenizer() }, {})
  await backend.close?.()
  return directory
}

/** Prompts of the world, one a line. */
export const worldPrompts = (file: string, count: number): string => {
  const roll = dice(5, 9)
  return jsonLines(
    file,
    Array.from({ length: count }, () => ({ prompt: textOf(drawTask(roll).prompt), completion: '-' })),
  )
}

/** The oracle, as a judge of texts. */
export const oracle = (file: string): string => {
  const world = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'app/reproduce/world.ts')
  writeFileSync(
    file,
    `import { reward } from ${JSON.stringify(world)}
const letters = ${JSON.stringify(letters)}
const shifts = [0, 1, 3]
const tokensOf = (text) => [...text].map((letter) => letters.indexOf(letter))
const taskOf = (prompt) => {
  const given = [...prompt.slice(2, 8)].filter((letter) => letter !== '.')
  const shift = shifts['xyz'.indexOf(prompt[1])]
  return { prompt: [], answer: given.map((letter) => 9 + ((letters.indexOf(letter) - 9 + shift) % 10)) }
}
export default { name: 'oracle', score: (answers) => answers.map(({ prompt, completion }) => reward(taskOf(prompt), tokensOf(completion))) }
`,
  )
  return file
}
