/** The worker of one's own model: it reads a Hugging Face directory, answers, learns adapters from thumbs, and hands files out. */
import { either as E } from 'fp-ts'
import { wasm } from '../../../backends/wasm/index.ts'
import { type Backend, dispose, evaluate, leaves, volume } from '../../../core/index.ts'
import { getOrThrow } from '../../../halos/index.ts'
import {
  type Adapters,
  adamW,
  adapted,
  adapterFiles,
  begin,
  chatOf,
  type Example,
  fit,
  type Generated,
  type GenerateOptions,
  generator,
  InputError,
  initializeAdapters,
  type LoadedModel,
  type LoraOptions,
  linear,
  loadModel,
  merge,
  modelFiles,
  type Parameters,
  streamDecoder,
  type Turn,
  toWeights,
  train,
  useFiles,
  usualTargets,
} from '../../../models/index.ts'
import { lossOfDraft } from '../declare/declaration.ts'
import type { Draft } from '../declare/draft.ts'
import { answerCalls } from '../rpc.ts'
import { dropped } from './dropped.ts'

/** What is told of a model before anything of its size is in memory. */
export interface ModelSize {
  readonly family: string
  readonly parameters: number
  readonly context: number
  readonly vocabulary: number
  readonly chats: boolean
}
/** An exchange that somebody judged. */
export interface OwnThumb {
  readonly turns: readonly Turn[]
  readonly answer: string
  readonly label: boolean
}
export interface OwnSettings {
  readonly draft: Draft
  readonly steps: number
  readonly rate: number
  readonly rank: number
}
export type OwnNews = { readonly text: string } | { readonly step: number; readonly metrics: Readonly<Record<string, number>> }

/** Bytes that WebAssembly can have, less what a model needs beside its weights. */
const most = 3.2e9
/** Tokens of an answer, at most. */
const answerLength = 200

interface OpenModel extends LoadedModel {
  readonly backend: Backend
  /** On the backend. */
  readonly base: Parameters
  readonly adapters?: { readonly options: LoraOptions; readonly values: Adapters }
  /** Continue a prompt, with the adapters if there are some. Compiled once. */
  readonly reply: (prompt: readonly number[], options: GenerateOptions) => Promise<readonly Generated[]>
}
let loaded: LoadedModel | undefined
let opened: OpenModel | undefined

const inspect = async (files: readonly File[]): Promise<ModelSize> => {
  useFiles(dropped(files))
  if (opened !== undefined) await opened.backend.close?.()
  opened = undefined
  loaded = await loadModel('model')
  const { model, parameters, tokenizer } = loaded
  return {
    ...{ family: model.config.family, context: model.config.context, vocabulary: model.config.vocab },
    parameters: leaves(parameters).reduce((sum, { shape }) => sum + volume(shape), 0),
    chats: chatOf(tokenizer) !== undefined,
  }
}

const ready = async (): Promise<OpenModel> => {
  if (opened !== undefined) return opened
  if (loaded === undefined) throw new Error('no model has been read yet')
  const bytes = 4 * leaves(loaded.parameters).reduce((sum, { shape }) => sum + volume(shape), 0)
  if (bytes > most)
    throw new RangeError(
      `the weights take ${(bytes / 1e9).toFixed(1)} GB in float32, and a page has ${most / 1e9} GB for them: use \`halograd chat\``,
    )
  const backend = await wasm()
  const [base, generate] = [await evaluate(backend, loaded.parameters), generator(backend, loaded.model)]
  opened = { ...loaded, backend, base, reply: (prompt, options) => generate(base, [prompt], options) }
  return opened
}

/** The tokens that a model answers to: by its chat template, or the last words as they are. */
const promptOf = ({ tokenizer, model }: Pick<LoadedModel, 'tokenizer' | 'model'>, turns: readonly Turn[]): readonly number[] => {
  const chat = chatOf(tokenizer)
  const rendered = chat === undefined ? E.right(turns.at(-1)?.content ?? '') : chat.prompt(turns)
  if (E.isLeft(rendered)) throw new InputError(rendered.left)
  const tokens = tokenizer.encode(rendered.right, { bos: true })
  return tokens.slice(Math.max(0, tokens.length - Math.floor((3 * model.config.context) / 4)))
}

/** Lets what was told be seen between two tokens: no reason to end. */
const breathe = (): Promise<boolean> => new Promise((resolve) => setTimeout(() => resolve(false)))

const answer = async (turns: readonly Turn[], seed: number, tell: (news: OwnNews) => void): Promise<string> => {
  const { model, tokenizer, reply } = await ready()
  const prompt = promptOf({ model, tokenizer }, turns)
  const decode = streamDecoder(tokenizer, prompt)
  const onToken = (token: number): void => tell({ text: decode(token) })
  const [made] = await reply(prompt, { maxTokens: answerLength, temperature: 0.8, seed, onToken, until: breathe })
  return tokenizer.decode([...prompt, ...(made?.tokens ?? [])]).slice(tokenizer.decode(prompt).length)
}

/** Train new adapters by thumbs; from then on the model answers with them. */
const align = async (thumbs: readonly OwnThumb[], settings: OwnSettings, tell: (news: OwnNews) => void): Promise<void> => {
  const own = await ready()
  const { model, tokenizer, base, backend } = own
  const loss = getOrThrow(await lossOfDraft(settings.draft))
  if (loss.needs.pair || !loss.needs.label)
    throw new RangeError(`${loss.name} does not learn from single thumbs: take KTO, or declare a loss that does`)
  const examples = thumbs.map(({ turns, answer: text, label }) => {
    const end = model.config.eos === undefined ? [] : [model.config.eos]
    const example: Example = { prompt: promptOf(own, turns), completion: [...tokenizer.encode(text, { continues: true }), ...end] }
    return { outcome: fit(example, model.config.context), label }
  })
  if (examples.length < 2) throw new RangeError(`it takes two thumbs at least, found ${examples.length}`)
  const options: LoraOptions = { rank: settings.rank, alpha: 2 * settings.rank, targets: usualTargets(model.config) }
  const optimizer = adamW({ rate: linear({ rate: settings.rate, warmup: 1, steps: settings.steps }) })
  const { steps } = settings
  const state = await train(begin(optimizer, initializeAdapters(model.config, options, 1)), {
    ...{
      backend,
      model: adapted(model.config, base, options),
      loss,
      optimizer,
      examples,
      steps,
      batch: Math.min(4, examples.length),
      seed: 1,
    },
    onStep: ({ step, metrics }) => tell({ step, metrics }),
  })
  if (own.adapters !== undefined) dispose(backend, own.adapters.values)
  const [values, generate] = [state.parameters, generator(backend, adapted(model.config, base, options))]
  opened = { ...own, adapters: { options, values }, reply: (prompt, how) => generate(values, [prompt], how) }
}

/** The files of the adapters, or of the model with the adapters merged into it. */
const filesOf = async (kind: 'adapters' | 'merged', name: string): Promise<Readonly<Record<string, string | Uint8Array | undefined>>> => {
  const { backend, model, base, adapters } = await ready()
  if (adapters === undefined) throw new Error('there are no adapters yet: align the model first')
  if (kind === 'adapters') return adapterFiles(backend, model.config, adapters.options, adapters.values, name)
  const whole = merge(model.config, base, adapters.values, adapters.options)
  return modelFiles(model.config, await toWeights(backend, model.config, whole), { dtype: 'BF16' })
}

const functions = (tell: (news: unknown) => void) => ({
  ...{ inspect, filesOf },
  answer: (turns: readonly Turn[], seed: number) => answer(turns, seed, tell),
  align: (thumbs: readonly OwnThumb[], settings: OwnSettings) => align(thumbs, settings, tell),
})
export type Chatter = ReturnType<typeof functions>

answerCalls(functions)
