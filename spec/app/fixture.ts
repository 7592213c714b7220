/** What the tests of the command line share: a tiny model directory, tiny data, and a terminal that listens. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { main } from '../../app/cli/main.ts'
import { saveCheckpoint } from '../../app/inputs/checkpoint.ts'
import { reference } from '../../backends/index.ts'
import { initialize, type ModelConfig, tokenizerOf, trainBytePairs } from '../../models/index.ts'

/** A temporary folder, removed when the test file is done. */
export const temporary = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'halograd-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const corpus = 'the cat sat on the mat. the dog sat on the cat. a good cat is a happy cat; a bad dog is a sad dog. '

/** A Llama of a few hundred random weights, saved as a directory. */
export const tinyModel = async (directory: string, change: Partial<ModelConfig> = {}): Promise<string> => {
  const { json, config } = trainBytePairs(corpus, { vocabularySize: 280, specialTokens: ['<|end|>'] })
  const tokenizer = tokenizerOf(json, config)
  const model: ModelConfig = {
    ...{ family: 'llama', vocab: tokenizer.vocabularySize, context: 32, embed: 8, layers: 1, heads: 2, keyValueHeads: 1, headSize: 4 },
    ...{ hidden: 16, activation: 'silu', normEpsilon: 1e-5, ropeTheta: 10000, rotation: 'half', tied: true, bos: 0, eos: 0 },
    ...change,
  }
  await saveCheckpoint(directory, reference(), { config: model, parameters: initialize(model, 1, 0.2), tokenizer }, {})
  return directory
}

export const animals = ['cat', 'dog', 'mat', 'bird', 'cow', 'hen', 'pig', 'fox']

/** Judged completions, as many desirable as undesirable. */
export const judged = animals.flatMap((animal) => [
  { prompt: `the ${animal} is`, completion: ' good', label: true },
  { prompt: `the ${animal} was`, completion: ' bad', label: false },
])
export const pairs = animals.map((animal) => ({ prompt: `the ${animal} is`, chosen: ' good', rejected: ' bad' }))
export const texts = animals.map((animal) => ({ text: `the ${animal} sat on the mat.` }))

export const jsonLines = (file: string, rows: readonly unknown[]): string => {
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  return file
}

export interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** `halograd ARGS`, in this process. */
export const halograd = (...args: readonly string[]): Promise<Outcome> => interrupted(undefined, ...args)

/** …which gets a Ctrl-C as soon as it has said `when`. */
export const interrupted = async (when: RegExp | undefined, ...args: readonly string[]): Promise<Outcome> => {
  let [out, err] = ['', '']
  const controller = new AbortController()
  const code = await main(args, {
    print: (text) => {
      out += text
    },
    say: (line = '') => {
      err += `${line}\n`
      if (when?.test(line)) controller.abort()
    },
    interactive: false,
    stop: controller.signal,
  })
  return { code, out, err }
}
