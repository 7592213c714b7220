/**
 * `halograd data show`: rows as training reads them. The text that the model sees, its tokens, what is learnt of it (the completion) and what is only read
 * (the prompt), where the tokens that begin and end it come from, and what was cut.
 */
import { styleText } from 'node:util'
import { type Example, fitTogether, type Row, type Tokenizer, type Truncation } from '../../models/index.ts'
import { isLearnable, unmarked } from '../../models/internal.ts'
import { loadCheckpoint } from '../inputs/checkpoint.ts'
import { exampleOf, type Located, readingFor, readLocated } from '../inputs/examples.ts'
import { type ReadingOptions, reading } from '../inputs/options.ts'
import type { Terminal } from '../terminal/terminal.ts'

export interface ShowOptions extends ReadingOptions {
  readonly model: string
  readonly rows: number
  readonly maxLength?: number
  readonly truncate: Truncation
  readonly json?: true
}

/** One text of a row: a completion, or one of two. */
interface ShownRow {
  readonly role: string
  readonly prompt: string
  readonly completion: string
  readonly tokens: { readonly prompt: readonly number[]; readonly completion: readonly number[] }
  /** Where the first and the last token come from. */
  readonly bos: string
  readonly eos: string
  /** How many tokens were cut: of the beginning of the prompt, of the end of the completion; or why the row is no example. */
  readonly cut: { readonly prompt: number; readonly completion: number }
  readonly left?: string
  /** Whether prompt and completion, encoded as one text, would be other tokens. A model that goes on after the prompt writes those shown. */
  readonly merges: boolean
}

/** @throws FileError, DataError naming line and field of every flaw */
export const show = async (
  terminal: Terminal,
  file: string,
  { model: directory, rows, maxLength, truncate, json, ...how }: ShowOptions,
): Promise<void> => {
  const { model, tokenizer } = await loadCheckpoint(directory, terminal.say)
  const longest = Math.min(maxLength ?? model.config.context, model.config.context)
  const located = await readLocated(file, { ...readingFor(tokenizer, longest, truncate), ...reading(how) }, terminal.say)
  const shown = located.slice(0, rows).map((row) => ({
    origin: row.origin,
    kind: row.tag,
    ...facts(row),
    texts: shownOf(tokenizer, row, longest, truncate),
  }))
  if (json) return terminal.print(`${JSON.stringify({ file, rows: located.length, longest, shown })}\n`)
  for (const { origin, kind, texts, ...row } of shown) {
    terminal.print(
      `${paint('bold', origin)}  ${kind}${Object.entries(row)
        .map(([name, value]) => `, ${name} ${value}`)
        .join('')}\n`,
    )
    for (const text of texts) terminal.print(`${linesOf(text, tokenizer).join('\n')}\n`)
  }
  terminal.say(
    `${shown.length} of ${located.length} rows; at most ${longest} tokens each; only completions are learnt (prompts are masked)`,
  )
}

const facts = (row: Located): Readonly<Record<string, unknown>> => ({
  ...(row.tag === 'labelled' && { label: row.label }),
  ...(row.weight !== undefined && { weight: row.weight }),
})

type StyledText = Pick<ShownRow, 'role' | 'prompt' | 'completion'>
const textsOf = (row: Row): readonly StyledText[] => {
  if (row.tag === 'text') return [{ role: 'text', prompt: '', completion: row.text }]
  if (row.tag !== 'paired') return [{ role: 'completion', prompt: row.prompt, completion: row.completion }]
  const { prompt } = row
  return [
    { role: 'chosen', prompt, completion: row.chosen },
    { role: 'rejected', prompt, completion: row.rejected },
  ]
}

/** The texts of a row in tokens, cut as training cuts them: both sides of a pair alike. */
const shownOf = (tokenizer: Tokenizer, row: Row, longest: number, truncate: Truncation): readonly ShownRow[] => {
  const texts = textsOf(row)
  const whole = texts.map(({ prompt, completion }) => exampleOf(tokenizer, prompt, completion))
  const long = whole.some((each) => each.prompt.length + each.completion.length > longest)
  const cut = long && (truncate === 'prompt-start' || truncate === 'completion-end') ? fitTogether(whole, longest, truncate) : whole
  const left = whole.every(isLearnable)
    ? long && truncate === 'drop'
      ? { left: 'left out: too long' }
      : long && truncate === 'refuse'
        ? { left: 'refused: too long' }
        : {}
    : { left: 'refused: nothing to learn' }
  return texts.map((text, i) => ({
    ...{ role: text.role, prompt: unmarked(text.prompt), completion: unmarked(text.completion) },
    tokens: { prompt: cut[i]!.prompt, completion: cut[i]!.completion },
    ...ends(tokenizer, text, whole[i]!),
    cut: {
      prompt: whole[i]!.prompt.length - cut[i]!.prompt.length,
      completion: whole[i]!.completion.length - cut[i]!.completion.length,
    },
    ...left,
    merges: merges(tokenizer, text),
  }))
}

const merges = (tokenizer: Tokenizer, { prompt, completion }: StyledText): boolean =>
  String(tokenizer.encode(prompt + completion)) !==
  String([...tokenizer.encode(prompt), ...tokenizer.encode(completion, { continues: prompt !== '' })])

const ends = (
  tokenizer: Tokenizer,
  { prompt, completion }: StyledText,
  { prompt: first, completion: last }: Example,
): Pick<ShownRow, 'bos' | 'eos'> => {
  const { bos, eos } = tokenizer
  const written = { bos: tokenizer.encode(prompt)[0], eos: tokenizer.encode(completion, { continues: true }).at(-1) }
  return {
    bos:
      bos === undefined
        ? 'the tokenizer has none'
        : first[0] !== bos
          ? 'none'
          : written.bos === bos
            ? 'written in the text'
            : 'added by the tokenizer',
    eos:
      eos === undefined
        ? 'the tokenizer has none'
        : last.at(-1) !== eos
          ? 'none'
          : written.eos === eos
            ? 'written in the text'
            : 'added after the completion',
  }
}

// ------------------------------------------------------------------ on a terminal

/** In colour where the output is a terminal that has it. */
const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
  process.stdout.isTTY === true && process.env.NO_COLOR === undefined ? styleText(style, text) : text

const linesOf = ({ role, prompt, completion, tokens, bos, eos, cut, left, merges }: ShownRow, tokenizer: Tokenizer): readonly string[] => [
  ...(prompt === '' ? [] : [`  prompt      ${paint('dim', JSON.stringify(prompt))}`]),
  `  ${role.padEnd(10)}  ${paint('green', JSON.stringify(completion))}`,
  `  masked      ${tokens.prompt.length} tokens  ${paint('dim', ids(tokens.prompt))}`,
  `  learnt      ${tokens.completion.length} tokens  ${paint('green', ids(tokens.completion))}`,
  `  BOS         ${tokenizer.bos === undefined ? '' : `${tokenizer.bos}: `}${bos};  EOS  ${tokenizer.eos === undefined ? '' : `${tokenizer.eos}: `}${eos}`,
  ...(cut.prompt + cut.completion === 0
    ? []
    : [
        paint(
          'yellow',
          `  cut         ${cut.prompt} tokens of the beginning of the prompt, ${cut.completion} of the end of the completion`,
        ),
      ]),
  ...(left === undefined ? [] : [paint('yellow', `  ${left}`)]),
  ...(merges
    ? [paint('yellow', '  boundary    as one text they would be other tokens: these are the ones that a model writes after the prompt')]
    : []),
]

/** So many of a long list, from both ends. */
const most = 24
const ids = (tokens: readonly number[]): string =>
  tokens.length <= most ? tokens.join(' ') : `${tokens.slice(0, most / 2).join(' ')} … ${tokens.slice(-most / 2).join(' ')}`
