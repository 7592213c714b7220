/**
 * A small model that writes, learns from thumbs and is compared with itself: what the worker of the page does, and what Node does to the same bits.
 *
 *     learnerOf(backend, files)      write(learner, prompts)      learn(learner, loss, thumbs)      compare(learner, before, after)
 */
import type { Backend } from '../../../core/index.ts'
import type { AnyLoss } from '../../../halos/index.ts'
import {
  adamW,
  begin,
  type Example,
  filesIn,
  formatSafetensors,
  fromSnapshot,
  type Generate,
  generator,
  type LoadedModel,
  linear,
  loadModel,
  type Parameters,
  parseSafetensors,
  type StepReport,
  type TrainingExample,
  toSnapshot,
  train,
  useFiles,
} from '../../../models/index.ts'
import { score } from './score.ts'

/** A continuation that the model wrote, as tokens and as text. */
export interface WrittenSample {
  readonly id: number
  readonly prompt: readonly number[]
  readonly completion: readonly number[]
  readonly promptText: string
  readonly text: string
}
/** What somebody, or a rule, said of it. */
export interface PageThumb extends WrittenSample {
  readonly label: boolean
  readonly by: 'person' | 'rule'
}

/** The prompts that a model comes with: those to judge answers of, and those that it has never seen. */
export interface PagePrompts {
  readonly judged: readonly (readonly number[])[]
  readonly unseen: readonly (readonly number[])[]
  readonly continuation: number
  readonly temperature: number
}
export interface Learner extends LoadedModel {
  readonly backend: Backend
  readonly generate: Generate
  readonly prompts: PagePrompts
}

/** @throws CheckpointError, ConfigError, TokenizerError, FileError for files that are no model */
export const learnerOf = async (backend: Backend, files: Readonly<Record<string, Uint8Array>>): Promise<Learner> => {
  useFiles(filesIn(Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`model/${name}`, bytes]))))
  const loaded = await loadModel('model')
  const prompts: PagePrompts = JSON.parse(new TextDecoder().decode(files['prompts.json']))
  return { ...loaded, backend, generate: generator(backend, loaded.model), prompts }
}

/** Lets messages come in between two pieces of work. */
const breathe = (): Promise<void> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(undefined)
  })

/** Prompts that are continued together. */
const together = 32

/** Continuations of prompts, numbered from `first`: the same prompts, seed and parameters give the same texts. */
export const write = async (
  { generate, prompts: { continuation, temperature }, tokenizer }: Learner,
  parameters: Parameters,
  prompts: readonly (readonly number[])[],
  { seed, first = 0, onProgress }: { readonly seed: number; readonly first?: number; readonly onProgress?: (done: number) => void },
): Promise<readonly WrittenSample[]> => {
  const written: WrittenSample[] = []
  for (let from = 0; from < prompts.length; from += together) {
    const some = prompts.slice(from, from + together)
    const made = await generate(parameters, some, { maxTokens: continuation, temperature, stop: [], seed: seed + from, batch: together })
    for (const [i, { tokens }] of made.entries()) {
      const prompt = some[i] ?? []
      const texts = { promptText: tokenizer.decode(prompt), text: tokenizer.decode(tokens) }
      written.push({ id: first + from + i, prompt, completion: tokens, ...texts })
    }
    onProgress?.(written.length)
    await breathe()
  }
  return written
}

/** Each prompt twice, so that two answers of one prompt can be told apart: that is what a pair is. */
export const samples = (learner: Learner, first: number, count: number): Promise<readonly WrittenSample[]> => {
  const { judged } = learner.prompts
  const asked = Array.from({ length: count }, (_, i) => judged[Math.floor((first + i) / 2) % judged.length] ?? [])
  return write(learner, learner.parameters, asked, { seed: 1000 + first, first })
}

const exampleOf = ({ prompt, completion }: PageThumb): Example => ({ prompt, completion })

/** Thumbs as a loss learns from them: pairs of one prompt, judged completions, or what is liked alone. */
export const examplesFor = (loss: AnyLoss, thumbs: readonly PageThumb[]): readonly TrainingExample[] => {
  if (!loss.needs.pair && loss.needs.label) return thumbs.map((thumb) => ({ outcome: exampleOf(thumb), label: thumb.label }))
  const liked = thumbs.filter(({ label }) => label)
  if (!loss.needs.pair) return liked.map((thumb) => ({ outcome: exampleOf(thumb) }))
  const disliked = thumbs.filter(({ label }) => !label)
  return liked.flatMap((chosen) =>
    disliked
      .filter(({ prompt }) => prompt.join() === chosen.prompt.join())
      .map((rejected) => ({ chosen: exampleOf(chosen), rejected: exampleOf(rejected) })),
  )
}

export interface LearnOptions {
  readonly steps: number
  readonly batch: number
  readonly rate: number
  readonly seed: number
  /** A state that `snapshotOf` kept: where to go on. */
  readonly from?: Uint8Array
  readonly onStep?: (report: StepReport, snapshot: () => Promise<Uint8Array>) => Promise<void>
  readonly signal?: { readonly aborted: boolean }
}

/** @throws RangeError for too few thumbs; TrainingError where the loss becomes NaN */
export const learn = async (learner: Learner, loss: AnyLoss, thumbs: readonly PageThumb[], options: LearnOptions): Promise<Parameters> => {
  const { steps, batch, rate, seed, from, onStep, signal } = options
  const { backend, model, parameters } = learner
  const examples = examplesFor(loss, thumbs)
  if (examples.length < 2) throw new RangeError(tooFew(loss, examples.length))
  const optimizer = adamW({ rate: linear({ rate, warmup: Math.max(1, Math.round(steps / 10)), steps }), beta2: 0.99 })
  const fresh = begin(optimizer, parameters)
  const state = from === undefined ? fresh : fromSnapshot(fresh, new Map(parseSafetensors(from, 'kept').map((x) => [x.name, x])))
  const last = await train(state, {
    ...{ backend, model, loss, optimizer, examples, steps, seed, bucket: 16, batch: Math.min(batch, examples.length) },
    ...(from !== undefined && { reference: parameters }),
    ...(signal && { signal }),
    onStep: async (report, now) => {
      await onStep?.(report, async () => formatSafetensors(await toSnapshot(backend, now)))
      await breathe()
    },
  })
  return last.parameters
}

const tooFew = (loss: AnyLoss, found: number): string => {
  const [what, how] = loss.needs.pair
    ? ['pairs: a liked and a disliked answer of one prompt', 'every prompt comes twice in a row']
    : loss.needs.label
      ? ['thumbs', 'judge some answers first']
      : ['liked answers', 'like some answers first']
  return `${loss.name} learns from ${what}. There ${found === 1 ? 'is 1' : `are ${found}`}, and it takes 2: ${how}.`
}

/** Both models' continuations of prompts that neither has seen, drawn with the same random numbers. */
export interface BeforeAfter {
  readonly prompts: readonly string[]
  readonly before: readonly string[]
  readonly after: readonly string[]
  /** KL(after ‖ before) of a text, in nats: the mean of log p_after − log p_before over what the model after has written. */
  readonly kl: number
}
export const compare = async (learner: Learner, after: Parameters, onProgress?: (share: number) => void): Promise<BeforeAfter> => {
  const { unseen } = learner.prompts
  const half = (offset: number) => (done: number) => onProgress?.((offset + done) / (2 * unseen.length))
  const own = await write(learner, learner.parameters, unseen, { seed: 7, onProgress: half(0) })
  const other = await write(learner, after, unseen, { seed: 7, onProgress: half(unseen.length) })
  const texts = (those: readonly WrittenSample[]): readonly string[] => those.map(({ text }) => text)
  const scores = (parameters: Parameters) => score(learner.backend, learner.model, parameters, other)
  const [young, old] = [await scores(after), await scores(learner.parameters)]
  const kl = young.reduce((sum, x, i) => sum + x - (old[i] ?? 0), 0) / young.length
  return { prompts: own.map(({ promptText }) => promptText), before: texts(own), after: texts(other), kl }
}

/** SHA-256 of all parameters as they are in memory: two runs with the same one are the same run, to the bit. */
export const fingerprint = async ({ backend }: Learner, parameters: Parameters): Promise<string> => {
  const stored = await toSnapshot(backend, parameters)
  const bytes = new Uint8Array(formatSafetensors(stored))
  return [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
