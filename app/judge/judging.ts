/**
 * Two sides answer the same questions, and judges compare the answers, question by question: how often does the model win against the completions
 * that people liked (the SFT target), or against another model? The same seed draws the same random numbers on both sides.
 */
import { chatOf, type Tokenizer } from '../../models/index.ts'
import type { ReadOptions } from '../../models/internal.ts'
import { continueAll } from '../inference/continuations.ts'
import { openBackend, type Wish } from '../inputs/backends.ts'
import { type Checkpoint, loadCheckpoint } from '../inputs/checkpoint.ts'
import { readLocated } from '../inputs/examples.ts'
import { type ReadingOptions, reading } from '../inputs/options.ts'
import { distinctPairs, repetition } from '../inputs/texts.ts'
import { UsageError } from '../terminal/errors.ts'
import { progress } from '../terminal/progress.ts'
import { meanOf, type Rate, rateOf } from '../terminal/statistics.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { type Comparison, shown, tally, type Verdicts, verdictsOf } from './judge.ts'
import { findJudge } from './kinds.ts'
import { type JudgeQuestion, questionsOf } from './questions.ts'

export interface JudgingOptions extends Wish, ReadingOptions {
  readonly model: string
  /** A model, or `data`: the completions that the file calls good. */
  readonly against: string
  readonly data: string
  /** Each as in `--judge`. */
  readonly judge: readonly string[]
  readonly judgeTimeout: number
  readonly heldOut?: number
  readonly prompts?: number
  readonly maxTokens: number
  readonly temperature: number
  readonly topK?: number
  readonly topP?: number
  readonly seed: number
  readonly batch: number
}

/** One side of a comparison, and its answers. */
interface JudgedSide {
  readonly name: string
  readonly texts: readonly string[]
  /** How many texts the model ended by itself, before it had to. */
  readonly ended?: Rate
}

export type Judging = Awaited<ReturnType<typeof judging>>

/** @throws UsageError, JudgeError, Interrupted, and whatever is wrong with data and models */
export const judging = async (terminal: Terminal, options: JudgingOptions) => {
  const began = performance.now()
  const { model, against, data, prompts: limit, heldOut, maxTokens, temperature, topK, topP, seed } = options
  const { backend, mode } = await openBackend(options, terminal.say)
  try {
    const court = { backend, timeout: options.judgeTimeout, signal: terminal.stop }
    const judges = []
    for (const asked of options.judge) judges.push(await findJudge(asked, court))

    const first = await loadCheckpoint(model, terminal.say)
    const rows = await readLocated(data, { ...chatOf(first.tokenizer), ...reading(options) }, terminal.say)
    const questions = questionsOf(rows, data, {
      ...{ answered: against === 'data', seed },
      ...(heldOut === undefined ? {} : { heldOut }),
      ...(limit === undefined ? {} : { limit }),
    })
    const write = async (letter: 'A' | 'B', name: string, { model, parameters, tokenizer, control }: Checkpoint): Promise<JudgedSide> => {
      const asked = await encoded(
        terminal,
        questions,
        { tokenizer, control: control?.desirable ?? '' },
        { data, how: reading(options), room: model.config.context - maxTokens },
      )
      const answers = await continueAll(terminal, `${letter} writes   `, { backend, model, parameters }, asked, {
        ...{ maxTokens, temperature, seed, batch: options.batch },
        ...(topK === undefined ? {} : { topK }),
        ...(topP === undefined ? {} : { topP }),
      })
      const texts = answers.map(({ tokens }, i) => tokenizer.decode([...asked[i]!, ...tokens]).slice(tokenizer.decode(asked[i]!).length))
      return { name, texts, ended: rateOf(answers.filter(({ ended }) => ended === 'stop').length, answers.length) }
    }
    const a = await write('A', model, first)
    const b =
      against === 'data'
        ? { name: `the completions of ${data}`, texts: questions.map(({ target }) => target!) }
        : await write('B', against, await loadCheckpoint(against, terminal.say))

    const cases = questions.map(({ prompt }, i): Comparison => ({ prompt, a: a.texts[i]!, b: b.texts[i]! }))
    const verdicts: { readonly judge: string; readonly verdicts: Verdicts }[] = []
    for (const judge of judges) {
      const bar = progress(terminal, 'judging    ', shown(cases))
      verdicts.push({ judge: judge.name, verdicts: await verdictsOf(judge, cases, bar.at).finally(bar.end) })
    }
    const lengths = { a: lengthsOf(first.tokenizer, a), b: lengthsOf(first.tokenizer, b) }
    return {
      report: {
        ...{ data, questions: cases.length, seed, temperature, maxTokens, backend: backend.name, mode },
        judges: verdicts.map(({ judge, verdicts }) => ({ judge, ...tally(verdicts), longerWins: longerWins(verdicts, lengths) })),
        a: described(a, lengths.a),
        b: described(b, lengths.b),
        /** Tokens of a less those of b, question by question. */
        longer: meanOf(lengths.a.map((length, i) => length - lengths.b[i]!)),
        seconds: (performance.now() - began) / 1000,
      },
      cases: cases.map((one, i) => ({ ...one, preferences: verdicts.map(({ verdicts }) => verdicts.preferences[i]!) })),
    }
  } finally {
    await backend.close?.()
  }
}

/** The prompts as a model reads them: through its own chat template, with what CSFT taught it for liked answers, and with room for one. */
const encoded = async (
  { say }: Terminal,
  questions: readonly JudgeQuestion[],
  { tokenizer, control }: { readonly tokenizer: Tokenizer; readonly control: string },
  { data, how, room }: { readonly data: string; readonly how: ReadOptions; readonly room: number },
) => {
  if (room < 1) throw new UsageError(`--max-tokens: the model's context has no room left for a prompt; give fewer tokens than its context`)
  const chat = chatOf(tokenizer)
  const rows = chat === undefined ? undefined : await readLocated(data, { ...chat, ...how })
  const whole = questions.map(({ row, prompt }) => {
    const own = rows?.[row]
    return tokenizer.encode((own !== undefined && own.tag !== 'text' ? own.prompt : prompt) + control, { bos: true })
  })
  if (whole.some((ids) => ids.length === 0))
    throw new UsageError(`${data}: a prompt is empty, and this model has no token that begins a text`)
  const long = whole.filter((ids) => ids.length > room).length
  if (long > 0) say(`warning: ${long} of ${whole.length} prompts are longer than ${room} tokens: their beginning is cut`)
  return whole.map((ids) => ids.slice(-room))
}

const lengthsOf = (tokenizer: Tokenizer, { texts }: JudgedSide): readonly number[] =>
  texts.map((text) => tokenizer.encode(text, { continues: true }).length)

const described = ({ name, texts, ended }: JudgedSide, lengths: readonly number[]) => ({
  name,
  tokens: { mean: meanOf(lengths), median: lengths.toSorted((x, y) => x - y)[Math.floor(lengths.length / 2)]!, most: Math.max(...lengths) },
  ...(ended === undefined ? {} : { ended }),
  empty: texts.filter((text) => text.trim() === '').length,
  distinctPairs: distinctPairs(texts),
  repeatedFours: repetition(texts, 4),
})

/** Of the cases that were decided, how often the longer text won: a judge that merely likes length shows it here. */
const longerWins = ({ preferences }: Verdicts, { a, b }: Readonly<Record<'a' | 'b', readonly number[]>>): Rate | undefined => {
  const decided = preferences.flatMap((x, i) => (x === 0.5 || a[i] === b[i] ? [] : [(x === 1) === a[i]! > b[i]!]))
  return decided.length === 0 ? undefined : rateOf(decided.filter((won) => won).length, decided.length)
}
