/**
 * The demo: a language model is born, hears what people like, and changes. On this machine, from npm packages alone; in a world (world.ts) that says
 * what it reads, who judges, and what it is asked.
 *
 *     texts → tokens → pre-training → answers → thumbs up or down → KTO → before against after
 */
import { type Backend, leaves, volume } from '../../core/index.ts'
import { draw, stream } from '../../core/internal.ts'
import { type AnyLoss, getOrThrow, kto, sft } from '../../halos/index.ts'
import {
  cosine,
  type Example,
  initialize,
  linear,
  type ModelConfig,
  type Parameters,
  type Tokenizer,
  transformer,
} from '../../models/index.ts'
import { continueAll } from '../inference/continuations.ts'
import { evaluator } from '../inference/evaluation.ts'
import { scoreAll } from '../inference/scoring.ts'
import { exactUnless, openBackend, type Wish } from '../inputs/backends.ts'
import { jsonNote, saveCheckpoint } from '../inputs/checkpoint.ts'
import { exclusively } from '../inputs/lock.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { type Answers, comparison } from './comparison.ts'
import type { DemoRecipe, DemoSize } from './recipe.ts'
import { learn, type Stage } from './stages.ts'
import { type DemoMaterial, type DemoPrompt, type DemoWorld, findWorld } from './world.ts'

export interface DemoOptions extends Wish {
  readonly world: string
  readonly size?: DemoSize
  readonly seed: number
  readonly out: string
}

export type DemoReport = Awaited<ReturnType<typeof demo>>

/** @throws UsageError where there is no such world; BusyError where another process works in --out */
export const demo = async (terminal: Terminal, options: DemoOptions) => {
  const world = await findWorld(options.world)
  return exclusively(options.out, () => shown(terminal, world, options))
}

/** A demo under way. */
interface Show extends Stage {
  readonly world: DemoWorld
  readonly recipe: DemoRecipe
  readonly material: DemoMaterial
  readonly config: ModelConfig
  readonly seed: number
}

const shown = async (terminal: Terminal, world: DemoWorld, options: DemoOptions) => {
  const began = performance.now()
  const { seed, out } = options
  const { backend, mode } = await openBackend(exactUnless(options), terminal.say)
  const size: DemoSize = options.size ?? (backend.name === 'reference' ? 'small' : 'full')
  try {
    const { show, fresh } = prepared(terminal, backend, world, size, seed)
    const { recipe, material, config } = show
    const weights = leaves(fresh).reduce((n, x) => n + volume(x.shape), 0)
    terminal.say(
      `2. A model that knows nothing reads them: ${weights.toLocaleString('en')} parameters learn to guess the next token (size ${size})`,
    )
    const read = await pretrain(show, fresh)
    terminal.say(`3. It answers, and ${world.story.judging}`)
    const judged = await opinions(show, read.parameters)
    terminal.say('4. It learns what they like: KTO')
    const aligned = await align(show, read.parameters, judged)
    terminal.say(`5. Before against after, on ${world.story.comparing}`)
    const report = {
      ...{ world: options.world, size, backend: backend.name, mode, parameters: weights, out },
      pretraining: { steps: recipe.pretraining.steps, tokens: read.tokens, seconds: read.seconds, loss: read.loss },
      judged: judged.counts,
      alignment: { steps: aligned.steps, seconds: aligned.seconds, loss: aligned.loss },
      ...(await compare(show, read.parameters, aligned.parameters)),
      seconds: (performance.now() - began) / 1000,
    }
    const notes = { 'demo.json': jsonNote({ options, recipe, report }) }
    await saveCheckpoint(out, backend, { config, parameters: aligned.parameters, tokenizer: material.tokenizer }, notes)
    return report
  } finally {
    await backend.close?.()
  }
}

/** The texts of a world as tokens, and a model that has not read them. */
const prepared = (terminal: Terminal, backend: Backend, world: DemoWorld, size: DemoSize, seed: number) => {
  const recipe = world.recipes[size]
  terminal.say(`\n1. What there is to read: ${world.story.reading}`)
  const material = world.material(recipe, seed)
  const config = configOf(recipe, material.tokenizer)
  const [rows, words] = [material.reading.length.toLocaleString('en'), material.tokenizer.vocabularySize]
  terminal.say(`   ${rows} rows of ${config.context} tokens, of a vocabulary of ${words} learned here`)
  const show: Show = { ...{ terminal, backend, world, recipe, material, seed, config }, model: transformer(config) }
  return { show, fresh: initialize(config, seed) }
}

/** KTO, from what people pressed. */
const align = async (show: Show, before: Parameters, { examples, counts: { up, down } }: Awaited<ReturnType<typeof opinions>>) => {
  const { alignment } = show.recipe
  const { epochs, batch, rate, beta, balanced } = alignment
  const steps = epochs * Math.floor(examples.length / batch)
  const loss = getOrThrow(kto({ beta, desirable: balanced && up > 0 && down > 0 ? down / up : 1 }))
  const learned = await learn(show, '   KTO         ', loss, before, examples, {
    ...{ steps, batch, seed: show.seed, bucket: 16 },
    rate: linear({ rate, warmup: Math.round(steps / 10), steps }),
  })
  return { ...learned, steps }
}

const imitation: AnyLoss = getOrThrow(sft())
const pretrain = (show: Show, fresh: Parameters) => {
  const { pretraining } = show.recipe
  return learn(show, '   pre-training', imitation, fresh, show.material.reading, {
    ...{ steps: pretraining.steps, batch: pretraining.batch, seed: show.seed, weightDecay: 0.1 },
    rate: cosine({ ...pretraining, floor: 0.05 }),
  })
}

/** Answers to prompts, with the token that ended them. */
const write = async (show: Show, title: string, parameters: Parameters, prompts: readonly DemoPrompt[], seed: number): Promise<Answers> => {
  const { recipe, material, terminal } = show
  const { end, tokenizer } = material
  const sampling = { maxTokens: recipe.continuation, temperature: recipe.temperature, stop: end === undefined ? [] : [end], seed }
  const asked = prompts.map(({ tokens }) => tokens)
  const made = await continueAll(terminal, `   ${title}`, { ...show, parameters }, asked, sampling)
  return made.map(({ tokens, ended }, i) => ({
    prompt: prompts[i]!,
    text: tokenizer.decode(tokens),
    tokens: ended === 'stop' && end !== undefined ? [...tokens, end] : tokens,
  }))
}

/** What people press, who read answers of a model. */
const opinions = async (show: Show, parameters: Parameters) => {
  const { material, world, seed, terminal } = show
  const answers = await write(show, 'sampling    ', parameters, material.asked, seed + 1)
  const chance = stream(seed, 7)
  const examples = answers.flatMap(({ prompt, text, tokens }, i) => {
    const label = world.thumb(world.judge(prompt.text, text), draw(chance, i))
    return label === undefined ? [] : [{ outcome: { prompt: prompt.tokens, completion: tokens }, label }]
  })
  const up = examples.filter(({ label }) => label).length
  const counts = { up, down: examples.length - up, dropped: answers.length - examples.length }
  terminal.say(`   ${counts.up} thumbs up, ${counts.down} down, ${counts.dropped} pressed none (not used)`)
  return { examples, counts }
}

/** Both models on new prompts, and what the one cost of the other. */
const compare = async (show: Show, before: Parameters, after: Parameters) => {
  const { material, world, seed, backend, model } = show
  const first = await write(show, 'before      ', before, material.compared, seed + 3)
  const second = await write(show, 'after       ', after, material.compared, seed + 3)
  const written = second.map(({ prompt, tokens }): Example => ({ prompt: prompt.tokens, completion: tokens }))
  const [own, reference] = [await scoreAll(backend, model, after, written), await scoreAll(backend, model, before, written)]
  const nats = evaluator(backend, model, imitation, before, material.unseen.slice(0, 256), { batch: 32, seed })
  return {
    ...comparison(world, first, second),
    /** KL(after ‖ before) an answer, in nats. */
    kl: mean(own.map((x, i) => x - reference[i]!)),
    /** Nats a token, of texts that were held out. */
    heldOutLoss: { before: (await nats(before)).metrics.loss, after: (await nats(after)).metrics.loss },
  }
}
const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length

/** The network of a recipe, over the words of a tokenizer. */
export const configOf = ({ model }: DemoRecipe, { vocabularySize }: Tokenizer): ModelConfig => ({
  ...model,
  family: 'gpt2',
  vocab: vocabularySize,
  keyValueHeads: model.heads,
  headSize: model.embed / model.heads,
  hidden: 4 * model.embed,
  activation: 'geluTanh',
  normEpsilon: 1e-5,
  ropeTheta: 10000,
  rotation: 'half',
  tied: true,
})
