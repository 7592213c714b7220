/** What the second tab knows: the answers that the small model wrote, and what was said of them. It is kept, and there again after a reload. */

import type { Aligner } from '../align/aligner.ts'
import type { PageThumb, WrittenSample } from '../align/learner.ts'
import { keep, recall } from '../keep.ts'
import { remote } from '../rpc.ts'
import { store } from '../store.ts'
import { cheerful, type JudgingRule, lexiconOf } from './rule.ts'

interface ThumbsState {
  readonly samples: readonly WrittenSample[]
  readonly thumbs: readonly PageThumb[]
  /** Which sample is shown. */
  readonly at: number
  /** The positions that were shown before, to go back to. */
  readonly passed: readonly number[]
  readonly rule: JudgingRule
  readonly working: boolean
  readonly failure?: string | undefined
}
export const judging = store<ThumbsState>({ samples: [], thumbs: [], at: 0, passed: [], rule: cheerful, working: false })

/** The worker that writes for this tab. Each run of the next tab has one of its own. */
export const startAligner = (): Worker => new Worker(new URL('../align/aligner.ts', import.meta.url), { type: 'module', name: 'aligner' })
const writer = remote<Aligner>(startAligner)
const chunk = 32

/** The graphics card of this machine in words, if the browser gives it. */
export const graphicsCard = async (): Promise<string | undefined> => {
  const found = await writer.ask('graphics', []).catch(() => undefined)
  return found?.available ? found.description : undefined
}

const say = (error: unknown): void => judging.set({ failure: error instanceof Error ? error.message : String(error), working: false })

let writing: Promise<void> = Promise.resolve()
/** Have so many samples, at least: after those that are being written. */
const have = (count: number): Promise<void> => {
  writing = writing.then(() => fill(count))
  return writing
}
const fill = async (count: number): Promise<void> => {
  if (judging.get().samples.length >= count) return
  judging.set({ working: true, failure: undefined })
  try {
    while (judging.get().samples.length < count) {
      const { samples } = judging.get()
      judging.set({ samples: [...samples, ...(await writer.ask('samples', [document.baseURI, samples.length, chunk]))] })
    }
    judging.set({ working: false })
  } catch (error) {
    say(error)
  }
}

/** Begin where the last visit ended. */
export const beginJudging = async (): Promise<void> => {
  if (judging.get().samples.length > 0 || judging.get().working) return
  const kept = await recall<Pick<ThumbsState, 'thumbs' | 'at' | 'rule'>>('judging').catch(() => undefined)
  if (kept !== undefined) judging.set(kept)
  await have(judging.get().at + chunk)
}

const change = (to: Partial<ThumbsState>): void => {
  judging.set(to)
  const { thumbs, at, rule } = judging.get()
  keep('judging', { thumbs, at, rule }).catch(say)
}

/** The sample that waits for a thumb. */
export const current = (): WrittenSample | undefined => judging.get().samples[judging.get().at]

/** 👍, 👎, or neither; then comes the next one. */
export const judge = (label: boolean | undefined): void => {
  const [{ thumbs, at, passed }, sample] = [judging.get(), current()]
  if (sample === undefined) return
  const others = thumbs.filter(({ id }) => id !== sample.id)
  change({
    ...{ at: at + 1, passed: [...passed, at] },
    thumbs: label === undefined ? others : [...others, { ...sample, label, by: 'person' }],
  })
  void have(at + 1 + chunk / 2)
}

/** Back to the sample before, without what was said of it. */
export const undo = (): void => {
  const { passed, thumbs, samples } = judging.get()
  const last = passed.at(-1)
  if (last === undefined) return
  change({ at: last, passed: passed.slice(0, -1), thumbs: thumbs.filter(({ id }) => id !== samples[last]?.id) })
}

export const changeRule = (part: Partial<JudgingRule>): void => change({ rule: { ...judging.get().rule, ...part } })

/** The rule judges so many answers that nobody has judged. Where it finds nothing to like or dislike, it says nothing. */
export const letRuleJudge = async (count: number): Promise<void> => {
  await have(count)
  const { samples, thumbs, rule } = judging.get()
  const { worth } = await lexiconOf(rule)
  const known = new Set(thumbs.filter(({ by }) => by === 'person').map(({ id }) => id))
  const said = samples.slice(0, count).flatMap((sample): readonly PageThumb[] => {
    const opinion = worth(sample.text)
    return known.has(sample.id) || opinion === 0 ? [] : [{ ...sample, label: opinion > 0, by: 'rule' }]
  })
  change({ thumbs: [...thumbs.filter(({ by }) => by === 'person'), ...said] })
}

export const startOver = (): void => change({ thumbs: [], at: 0, passed: [] })
