/** What the tab of one's own model knows: the model that was dropped, the conversation, its thumbs, and what has become of it. */
import type { Turn } from '../../../models/index.ts'
import { bold, type Draft } from '../declare/draft.ts'
import { saveFile } from '../picture.ts'
import { EndedError, remote } from '../rpc.ts'
import { store } from '../store.ts'
import type { Chatter, ModelSize, OwnNews, OwnThumb } from './chatter.ts'

interface JudgedExchange extends OwnThumb {
  readonly judged: boolean
}
interface Owning {
  readonly name: string
  readonly size?: ModelSize | undefined
  /** Bytes of the files. */
  readonly bytes: number
  readonly exchanges: readonly JudgedExchange[]
  /** What is being done, in words; what of an answer is there already. */
  readonly working?: string | undefined
  readonly text: string
  readonly failure?: string | undefined
  readonly aligned: boolean
}
export const owning = store<Owning>({ name: '', bytes: 0, exchanges: [], text: '', aligned: false })

const chatter = remote<Chatter>(() => new Worker(new URL('./chatter.ts', import.meta.url), { type: 'module', name: 'chatter' }))

/** Do something that takes a while; what goes wrong is a sentence. */
const during = async (working: string, work: () => Promise<void>): Promise<void> => {
  owning.set({ working, failure: undefined, text: '' })
  try {
    await work()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const [first, ...rest] = why.split('\n')
    const failure = rest.length > 3 ? [first, ...rest.slice(0, 3), `… and ${rest.length - 3} more.`].join('\n') : why
    owning.set({ failure: error instanceof EndedError ? `This was ended: ${why}.` : failure })
  }
  owning.set({ working: undefined, text: '' })
}

/** Files of a model directory; those of other folders are left out. */
export const open = (files: readonly File[]): Promise<void> =>
  during('Reading the model …', async () => {
    const name = files[0]?.webkitRelativePath.split('/')[0] || 'model'
    owning.set({ name, size: undefined, exchanges: [], aligned: false, bytes: files.reduce((sum, { size }) => sum + size, 0) })
    owning.set({ size: await chatter.ask('inspect', [files]) })
  })

/** The files that a directory of the hub may have; a model has its weights whole or in parts that its index names. */
const wanted = ['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json', 'chat_template.jinja'] as const

/** Fetch `owner/name` of the Hugging Face hub: the only request that leaves this page. */
export const fetchModel = (name: string): Promise<void> => {
  const fetched = async (file: string): Promise<File | undefined> => {
    const response = await fetch(`https://huggingface.co/${name.split('/').map(encodeURIComponent).join('/')}/resolve/main/${file}`)
    return response.ok ? new File([await response.blob()], file) : undefined
  }
  return during(`Fetching ${name} …`, async () => {
    const small = (await Promise.all(wanted.map(fetched))).filter((file) => file !== undefined)
    if (!small.some((file) => file.name === 'config.json'))
      throw new Error(`the hub has no model “${name}”, or does not give it without an account`)
    const index = await fetched('model.safetensors.index.json')
    const parts: readonly string[] =
      index === undefined ? ['model.safetensors'] : [...new Set(Object.values<string>(JSON.parse(await index.text()).weight_map))]
    const weights: File[] = []
    for (const part of parts) {
      const file = await fetched(part)
      if (file === undefined) throw new Error(`the hub has no ${part} of “${name}”: halograd reads safetensors`)
      weights.push(file)
    }
    await open([...small, ...(index === undefined ? [] : [index]), ...weights])
  })
}

const turnsUpTo = (exchanges: readonly JudgedExchange[]): readonly Turn[] =>
  exchanges.flatMap(({ turns, answer }) => [...turns.slice(-1), { role: 'assistant' as const, content: answer }])

export const ask = (content: string): Promise<void> =>
  during('The model answers …', async () => {
    const { exchanges } = owning.get()
    const turns = [...turnsUpTo(exchanges), { role: 'user' as const, content }]
    const onNews = (news: unknown): void => {
      const told = news as OwnNews // the worker tells nothing else
      if ('text' in told) owning.set({ text: owning.get().text + told.text })
    }
    const answer = await chatter.ask('answer', [turns, exchanges.length + 1], { onNews })
    owning.set({ exchanges: [...exchanges, { turns, answer, label: true, judged: false }] })
  })

export const judgeAnswer = (i: number, label: boolean): void =>
  owning.set({ exchanges: owning.get().exchanges.map((each, j) => (i === j ? { ...each, label, judged: true } : each)) })
export const judged = (): readonly OwnThumb[] =>
  owning.get().exchanges.flatMap(({ judged, turns, answer, label }) => (judged ? [{ turns, answer, label }] : []))

export const alignOwn = (draft: Draft = { kind: 'catalogue', loss: 'kto', settings: { beta: bold.beta, desirable: 1, undesirable: 1 } }) =>
  during('Learning adapters …', async () => {
    const onNews = (news: unknown): void => {
      const told = news as OwnNews // the worker tells nothing else
      if ('step' in told) owning.set({ working: `Learning adapters: step ${told.step}, loss ${told.metrics.loss?.toFixed(3)}` })
    }
    await chatter.ask('align', [judged(), { draft, steps: 20, rate: 2e-3, rank: 8 }], { onNews })
    owning.set({ aligned: true })
  })

/** Hand out the adapters, or the merged model: one file after the other. */
export const download = (kind: 'adapters' | 'merged'): Promise<void> =>
  during('Writing files …', async () => {
    for (const [name, content] of Object.entries(await chatter.ask('filesOf', [kind, owning.get().name])))
      if (content !== undefined) saveFile(name, new Blob([typeof content === 'string' ? content : new Uint8Array(content)]))
  })

/** The thumbs as `halograd align --data` takes them: conversations with a label. */
export const saveThumbs = (): void => {
  const rows = judged().map(({ turns, answer, label }) =>
    JSON.stringify({ prompt: turns, completion: [{ role: 'assistant', content: answer }], label }),
  )
  saveFile('thumbs.jsonl', new Blob([`${rows.join('\n')}\n`], { type: 'application/jsonl' }))
}

export const giveUp = (): void => chatter.end('stopped')
