/**
 * The demo: a language model is born, hears what a human likes, and changes. On this machine, from npm packages alone.
 *
 *     Moby-Dick → tokens → pre-training → continuations → thumbs up or down (a sentiment lexicon) → KTO → before against after
 */
import { leaves, volume } from '../../core/index.ts'
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
import { distinctPairs, repetition } from '../inputs/texts.ts'
import { rateOf, winRate } from '../terminal/statistics.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { book } from './book.ts'
import { positiveWords, score } from './human.ts'
import { drawPrompts, learnTokenizer, windows } from './prompts.ts'
import { type DemoRecipe, type DemoSize, recipes } from './recipe.ts'
import { learn, type Stage } from './stages.ts'

export interface DemoOptions extends Wish {
  readonly size?: DemoSize
  readonly seed: number
  readonly out: string
}

export type DemoReport = Awaited<ReturnType<typeof demo>>

/** @throws BusyError where another process works in --out */
export const demo = (terminal: Terminal, options: DemoOptions) => exclusively(options.out, () => shown(terminal, options))

const shown = async (terminal: Terminal, options: DemoOptions) => {
  const began = performance.now()
  const { seed, out } = options
  const { backend, mode } = await openBackend(exactUnless(options), terminal.say)
  const size: DemoSize = options.size ?? (backend.name === 'reference' ? 'small' : 'full')
  const recipe = recipes[size]
  try {
    terminal.say(`\n1. Moby-Dick becomes tokens: a byte-pair vocabulary of ${recipe.vocabulary}, learned here`)
    const { training, heldOut } = book()
    const tokenizer = learnTokenizer(training, recipe.vocabulary)
    const [texts, unseen] = [training.map((text) => tokenizer.encode(text)), heldOut.map((text) => tokenizer.encode(text))]
    const config = configOf(recipe, tokenizer)
    const stage: Stage = { terminal, backend, model: transformer(config) }
    const fresh = initialize(config, seed)
    const weights = leaves(fresh).reduce((n, x) => n + volume(x.shape), 0)
    terminal.say(`   ${texts.flat().length.toLocaleString('en')} tokens to read; every tenth chapter is held out`)
    terminal.say(
      `2. A model that knows nothing reads them: ${weights.toLocaleString('en')} parameters learn to guess the next token (size ${size})`,
    )
    const { pretraining, alignment, temperature } = recipe
    const imitate: AnyLoss = getOrThrow(sft())
    const read = await learn(stage, '   pre-training', imitate, fresh, windows(texts, recipe.model.context), {
      ...{ steps: pretraining.steps, batch: pretraining.batch, seed, weightDecay: 0.1 },
      rate: cosine({ ...pretraining, floor: 0.05 }),
    })
    const before = read.parameters

    terminal.say('3. It writes, and a human says thumbs up or down (the human is the AFINN sentiment lexicon)')
    const sampling = { maxTokens: recipe.continuation, temperature, stop: [] }
    const write = async (title: string, parameters: Parameters, prompts: DemoTexts, draw: number): Promise<DemoTexts> => {
      const made = await continueAll(terminal, `   ${title}`, { ...stage, parameters }, prompts, { ...sampling, seed: draw })
      return made.map(({ tokens }) => tokens)
    }
    const asked = drawPrompts(texts, tokenizer, { count: recipe.judged, length: recipe.prompt, seed })
    const answers = await write('sampling    ', before, asked, seed + 1)
    const judged = asked.flatMap((prompt, i) => {
      const opinion = score(tokenizer.decode(answers[i]!))
      return opinion === 0 ? [] : [{ outcome: { prompt, completion: answers[i]! }, label: opinion > 0 }]
    })
    const up = judged.filter(({ label }) => label).length
    terminal.say(`   ${up} thumbs up, ${judged.length - up} down, ${asked.length - judged.length} without an opinion (not used)`)

    terminal.say('4. It learns what the human likes: KTO')
    const steps = alignment.epochs * Math.floor(judged.length / alignment.batch)
    const aligned = await learn(stage, '   KTO         ', getOrThrow(kto({ beta: alignment.beta })), before, judged, {
      ...{ steps, batch: alignment.batch, seed, bucket: 16 },
      rate: linear({ rate: alignment.rate, warmup: Math.round(steps / 10), steps }),
    })
    const after = aligned.parameters

    terminal.say('5. Before against after, on prompts from chapters that it has never seen')
    const prompts = drawPrompts(unseen, tokenizer, { count: recipe.compared, length: recipe.prompt, seed: seed + 2 })
    const [first, second] = [await write('before      ', before, prompts, seed + 3), await write('after       ', after, prompts, seed + 3)]
    const comparison = compared(tokenizer, prompts, first, second)
    const written = prompts.map((prompt, i): Example => ({ prompt, completion: second[i]! }))
    const logProbabilities = (parameters: Parameters) => scoreAll(backend, stage.model, parameters, written)
    const [own, reference] = [await logProbabilities(after), await logProbabilities(before)]
    const nats = evaluator(backend, stage.model, imitate, before, windows(unseen, recipe.model.context).slice(0, 256), { batch: 32, seed })
    const report = {
      ...{ size, backend: backend.name, mode, parameters: weights, out },
      pretraining: { steps: pretraining.steps, tokens: read.tokens, seconds: read.seconds, loss: read.loss },
      judged: { up, down: judged.length - up, dropped: asked.length - judged.length },
      alignment: { steps, seconds: aligned.seconds, loss: aligned.loss },
      ...comparison,
      /** KL(after ‖ before) a continuation, in nats. */
      kl: mean(own.map((x, i) => x - reference[i]!)),
      /** Nats a token, of unseen chapters. */
      heldOutLoss: { before: (await nats(before)).metrics.loss, after: (await nats(after)).metrics.loss },
      seconds: (performance.now() - began) / 1000,
    }
    await saveCheckpoint(out, backend, { config, parameters: after, tokenizer }, { 'demo.json': jsonNote({ options, recipe, report }) })
    return report
  } finally {
    await backend.close?.()
  }
}

type DemoTexts = readonly (readonly number[])[]

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

/** What the human says of both models' continuations. */
const compared = (tokenizer: Tokenizer, prompts: DemoTexts, first: DemoTexts, second: DemoTexts) => {
  const both = { before: first.map((ids) => tokenizer.decode(ids)), after: second.map((ids) => tokenizer.decode(ids)) }
  const scores = { before: both.before.map(score), after: both.after.map(score) }
  const each = <T>(f: (when: 'before' | 'after') => T) => ({ before: f('before'), after: f('after') })
  const liked = (those: readonly number[], sign: 1 | -1) => rateOf(those.filter((x) => x * sign > 0).length, those.length)
  return {
    winRate: winRate(scores.before, scores.after),
    positive: each((when) => liked(scores[when], 1)),
    negative: each((when) => liked(scores[when], -1)),
    positiveWords: each((when) => positiveWords(both[when]).slice(0, 8)),
    positiveWordCount: each((when) => positiveWords(both[when]).reduce((n, [, texts]) => n + texts, 0)),
    distinctPairs: each((when) => distinctPairs(both[when])),
    repetition: each((when) => repetition(both[when])),
    samples: prompts.slice(0, 3).map((prompt, i) => ({
      prompt: tokenizer.decode(prompt),
      ...each((when) => ({ text: both[when][i]!, score: scores[when][i]! })),
    })),
  }
}

const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length
