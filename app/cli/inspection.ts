/** The report of `halograd data check`. */
import { chatOf, DataError, type InputFinding, type Inspection, inspectFile, type Tokenizer } from '../../models/index.ts'
import type { Lengths } from '../../models/internal.ts'
import { loadCheckpoint } from '../inputs/checkpoint.ts'
import { completionOf, imbalance } from '../inputs/examples.ts'
import { localPath } from '../inputs/hub.ts'
import { type ReadingOptions, reading } from '../inputs/options.ts'
import { repetitionWarnings, some } from '../inputs/repetitions.ts'
import type { Terminal } from '../terminal/terminal.ts'

interface InspectionOptions extends ReadingOptions {
  readonly model?: string
  readonly json: boolean
}

/** @throws DataError when there are lines that cannot be used, after all of them have been reported */
export const check = async (terminal: Terminal, file: string, { model, json, ...how }: InspectionOptions): Promise<void> => {
  const checkpoint = model === undefined ? undefined : await loadCheckpoint(model, terminal.say)
  const context = checkpoint?.model.config.context
  const measuring =
    checkpoint === undefined || context === undefined
      ? {}
      : { ...chatOf(checkpoint.tokenizer), measure: tokensOf(checkpoint.tokenizer), longest: context }
  const inspection = await inspectFile(await localPath(file, 'dataset', terminal), { ...measuring, ...reading(how) })
  if (json) terminal.print(`${JSON.stringify(context === undefined ? inspection : { ...inspection, context })}\n`)
  else for (const line of [...reportLines(inspection, context), ...inspection.findings.map(findingLine)]) terminal.say(line)
  const lines = new Set(inspection.findings.map(({ line }) => line)).size
  if (lines === 0 && inspection.rows > 0) return
  throw new DataError({
    file,
    expected: 'every line well-formed',
    found: lines === 0 ? 'an empty file' : `${lines} of ${lines + inspection.rows} that cannot be used`,
    advice: 'Correct or remove them: training stops at such a file.',
  })
}

/** As training counts: a text begins and ends with a token of its own. */
const tokensOf =
  (tokenizer: Tokenizer) =>
  (text: string, part: 'prompt' | 'completion'): number =>
    part === 'prompt' ? tokenizer.encode(text, { bos: true }).length : completionOf(tokenizer, text).length

const kinds = { labelled: 'judged completions', paired: 'pairs', demonstration: 'demonstrations', text: 'plain texts' } as const

const reportLines = (inspection: Inspection, context: number | undefined): readonly string[] => {
  const { rows, kind, presets, distinctPrompts, labels, lengths, longer } = inspection
  const judged = labels && kind === 'labelled' ? [`labels: ${labels.desirable} desirable, ${labels.undesirable} undesirable`] : []
  const warning = labels && imbalance(labels, inspection.weights)
  const unit = context === undefined ? 'characters' : 'tokens'
  return [
    `${rows} ${kind === undefined ? 'rows' : kinds[kind]}${kind === undefined || kind === 'text' ? '' : `, of ${distinctPrompts} distinct prompts`}`,
    ...presets
      .filter((name) => name !== 'trl')
      .map((name) => `read as ${name} (halograd data import ${inspection.file} --from ${name} --out rows.jsonl writes such rows anew)`),
    ...judged,
    ...(warning === undefined ? [] : [`warning: ${warning}`]),
    ...(lengths === undefined ? [] : table(unit, lengths)),
    ...(longer.length === 0
      ? []
      : [
          `warning: ${longer.length} lines are longer than the model's context of ${context} tokens (--truncate cuts them): ${some(longer)}`,
        ]),
    ...repetitionWarnings(inspection),
    ...Object.entries(inspection.notes).map(([note, lines]) => `warning: ${lines.length} lines: ${note}: ${some(lines)}`),
  ]
}

const table = (unit: string, { prompt, completion, together }: NonNullable<Inspection['lengths']>): readonly string[] => {
  const row = (name: string, cells: readonly (number | string)[]) =>
    `  ${name.padEnd(12)}${cells.map((cell) => `${cell}`.padStart(9)).join('')}`
  const cells = ({ least, median, most95, most }: Lengths) => [least, median, most95, most]
  return [
    row(unit, ['least', 'median', '95 %', 'most']),
    row('prompt', cells(prompt)),
    row('completion', cells(completion)),
    row('together', cells(together)),
  ]
}

const findingLine = ({ file, line, field, expected, found, advice }: InputFinding): string =>
  `${file}:${line}${field === undefined ? '' : `, field ${field}`}: expected ${expected}, found ${found}. ${advice}`
