/** A loss as a directory for PyTorch: `halo_loss.py` from its graph, the numbers that verify it, and the script that does so. */
import { readFile } from 'node:fs/promises'
import { type AnyLoss, type Settings, toLatex, torchFunctions } from '../../halos/index.ts'
import { columns, columnsOf, type EvidenceColumn, evidenceFields, rolesOf } from '../../halos/internal.ts'
import { writeDirectoryAtomically } from '../../models/index.ts'
import { exclusively } from '../inputs/lock.ts'
import { findLoss, fullSettings } from '../inputs/losses.ts'
import { toJson } from '../terminal/json.ts'
import { filesOf, type Target } from './targets.ts'
import { needsOf, vectorsOf } from './vectors.ts'

/** Writes a loss, as users name it, into a directory. Returns the names of the files. @throws UsageError, DeclarationError, TorchError, FileError */
export const exportLoss = async (asked: {
  readonly name: string
  readonly settings: Settings
  readonly to: Target
  readonly out: string
}): Promise<readonly string[]> => {
  const { name, settings, to, out } = asked
  const files = await lossFiles(await findLoss(name, settings), await fullSettings(name, settings), to)
  await exclusively(out, () => writeDirectoryAtomically(out, Object.fromEntries(files)))
  return [...files.keys()]
}

/** A file of `python/`, which is complete Python but for marks `#: name` where something is put in. */
export const template = (name: string): Promise<string> => readFile(new URL(`./python/${name}`, import.meta.url), 'utf8')

/** Put texts in the place of marks. */
export const filled = (text: string, marks: Readonly<Record<string, string>>): string =>
  Object.entries(marks).reduce((all, [mark, put]) => all.replace(new RegExp(`^#: ${mark}$`, 'm'), () => put), text)

/** A string of Python. */
const quoted = (text: string): string => JSON.stringify(text)

/** The files: `halo_loss.py`, `check_parity.py`, `parity.json`, and what the target adds. @throws TorchError for a loss that PyTorch has no form of */
export const lossFiles = async (loss: AnyLoss, settings: Settings, to: Target = 'torch'): Promise<ReadonlyMap<string, string>> => {
  const functions = torchFunctions(loss)
  const vectors = await vectorsOf(loss, settings, functions.wholeBatch)
  const dataloader = `dataloader: ${loss.needs.pair ? 'Paired' : 'Unpaired'}PreferenceDataLoader`
  const around = await Promise.all(filesOf[to].map(async (name) => [name, filled(await template(name), { dataloader })] as const))
  return new Map([
    ...around,
    ['halo_loss.py', await moduleOf(loss, settings)],
    ['check_parity.py', await template('check_parity.py')],
    ['parity.json', `${toJson(vectors)}\n`],
  ])
}

const moduleOf = async (loss: AnyLoss, settings: Settings): Promise<string> => {
  const { evaluate, statistic, statisticReads, held, wholeBatch } = torchFunctions(loss)
  const needed = columnsOf(loss.needs)
  const constants = [
    `NAME = ${quoted(loss.name)}`,
    `SETTINGS = ${dictionary(settings)}`,
    `NEEDS = frozenset(${tuple(needsOf(loss))})`,
    `ROLES = ${tuple(rolesOf(loss.needs))}`,
    `COLUMNS${needed.length === 0 ? ': Tuple[str, ...]' : ''} = ${tuple(needed)}`,
    '# The completions whose rewards the reference point averages over the whole batch.',
    `STATISTIC_READS${statisticReads.length === 0 ? ': Tuple[str, ...]' : ''} = ${tuple(statisticReads)}`,
    '# No gradient flows into the pooled statistic: it may come from another pass.',
    `HELD = ${held ? 'True' : 'False'}`,
    '# An example depends on others by more than the statistic: parts do not add up.',
    `WHOLE_BATCH = ${wholeBatch ? 'True' : 'False'}`,
  ]
  return filled(await template('halo_loss.py'), {
    docstring: docstring(loss, settings),
    constants: constants.join('\n'),
    columns: columns.flatMap(columnField).join('\n'),
    'columns of inputs': columns.map(columnOfInputs).join('\n'),
    functions: `${statisticFunction(statistic)}\n\n\n${evaluateFunction(evaluate, statistic !== undefined)}`,
  })
}

/** A column of evidence as a field of Python's `Batch`, and as what `batch_of` gives it. */
const columnField = (name: EvidenceColumn): readonly string[] => [
  `    ${name}: Tensor = None  # type: ignore[assignment]`,
  `    """${evidenceFields[name].about}"""`,
]
const columnOfInputs = (name: EvidenceColumn): string =>
  `        ${name}=inputs.get("${evidenceFields[name].input}"),  # type: ignore[arg-type]`

const indented = (lines: readonly string[]): string => lines.map((line) => (line === '' ? '' : `    ${line}`)).join('\n')
const statisticFunction = (body: readonly string[] | undefined): string =>
  body === undefined
    ? `def statistic(batch: Batch) -> Optional[Statistic]:
    """None: no reference point of this loss is a statistic of the batch."""
    return None`
    : `def statistic(batch: Batch) -> Optional[Statistic]:
    """Σ r and the number of completions that the reference point averages.

    Those of micro-batches and ranks add up (\`pool\`, \`all_reduce\`).
    """
    batch = supplied(batch, STATISTIC_READS)
${indented(body)}`
const evaluateFunction = (body: readonly string[], pools: boolean): string =>
  `def evaluate(batch: Batch, pooled: Optional[Statistic] = None) -> Outcome:
    """Losses, terms and rewards of a batch.

    \`pooled\` is the statistic of the whole batch, of which this may be a part.
    """
    batch = supplied(batch)
${pools ? '    pooled = pooled or statistic(batch)\n    assert pooled is not None\n' : ''}${indented(body)}`

const tuple = (names: readonly string[]): string => (names.length === 1 ? `("${names[0]}",)` : `(${names.map(quoted).join(', ')})`)
const dictionary = (settings: Settings): string =>
  `{${Object.entries(settings)
    .map(([name, value]) => `${quoted(name)}: ${value}`)
    .join(', ')}}`

const docstring = (loss: AnyLoss, settings: Settings): string => {
  const { title, authors, year, arxiv, at } = loss.source
  const set = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  const published = [authors.length > 0 ? `${authors.join(', ')}${year === undefined ? '' : ` (${year})`}. ` : '', title].join('')
  return `r"""${loss.name}${set.length === 0 ? '' : `, ${set.join(', ')}`}, written by halograd: a loss for PyTorch that needs torch alone.

    ${toLatex(loss)}

${published}${arxiv === undefined ? '' : `, arXiv:${arxiv}`}, ${at}.

Log-probabilities of completions in, in nats; losses, rewards and metrics out. A reference
point that is a statistic of the batch is returned apart, as a sum and a count:

    statistics = [statistic(part) for part in micro_batches]
    (pooled,) = all_reduce([pool(statistics)])                  # over ranks, too
    outcomes = [evaluate(part, pooled) for part in micro_batches]

so that neither accumulation nor the number of ranks changes the loss. \`loss_of\` makes a
number of an outcome. \`python check_parity.py\` compares all of it with halograd's numbers.
"""
`
}
