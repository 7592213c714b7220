/**
 * The section of docs/theory.md that writes the catalogue out: of each loss its formula, what it learns from and where it was published; and
 * which lemma refutes which of them. Made from the declarations themselves: `npm run theorems` puts it there.
 */
import { fileURLToPath } from 'node:url'
import {
  type AnyLoss,
  catalogue,
  getOrThrow,
  isHalo,
  isView,
  type LossFamily,
  learnsFrom,
  type TextSource,
  toLatex,
} from '../../halos/index.ts'
import { type Witness, witness } from '../../halos/internal.ts'
import { putSection } from '../terminal/documents.ts'

/** What stands between its comments. */
export const catalogueSection = (families: readonly LossFamily[]): string => {
  const losses = families.map((family) => ({ family, loss: getOrThrow(family()) }))
  const refuted = losses.flatMap(({ family: { key }, loss }) => {
    const lemma = lemmaAgainst(loss)
    return lemma === undefined ? [] : [{ key, lemma }]
  })
  const rows = Object.entries(lemmas).map(([lemma, number]) => {
    const keys = refuted.filter((one) => one.lemma === lemma).map(({ key }) => key)
    return `| ${number} (${lemma}) | ${keys.join(', ')} |`
  })
  return [
    ...['| lemma | refutes |', '|---|---|', ...rows, ''],
    ...losses.map(({ family, loss }) => entryOf(family, loss)),
    '',
    'Formulas are printed from the text that backends run, at the default settings.',
  ].join('\n')
}

/** The lemmas of docs/theory.md, in the order in which they are tried. */
const lemmas: { readonly [L in Witness['lemma']]: string } = {
  'not monotone': 'Lemma 5',
  'not relative': 'Lemma 6',
  'not separable': 'Lemma 7',
  'not one reward': 'Lemma 8',
  'not concave': 'Lemma 9',
  'nothing compared': 'Lemma 10',
}
const lemmaAgainst = (loss: AnyLoss): Witness['lemma'] | undefined => (isHalo(loss) || isView(loss) ? undefined : witness(loss)?.lemma)

const entryOf = ({ key, suits }: LossFamily, loss: AnyLoss): string =>
  `- **${key}** learns from ${suits ?? learnsFrom(loss.needs)}; ${citation(loss.source)}\n  $\`${forMarkdown(toLatex(loss))}\`$`

const citation = ({ authors, year, arxiv, title, at }: TextSource): string => {
  const [first = '', ...others] = authors.map((author) => author.split(' ').at(-1) ?? author)
  const [second] = others
  const who = second === undefined ? first : others.length > 1 || second === 'others' ? `${first} et al.` : `${first} & ${second}`
  const where = arxiv === undefined ? `*${title}*` : `[arXiv:${arxiv}](https://arxiv.org/abs/${arxiv})`
  return `${[`${who} ${year ?? ''}`.trim(), where, at].filter((part) => part !== '').join(', ')}.`
}

/** A conditional bar is a relation, and lengths have delimiters: a bare | would end a cell of a table. */
const forMarkdown = (latex: string): string => latex.replaceAll(/\|(\w+)\|/g, '\\lvert $1 \\rvert').replaceAll(/\s*\|/g, ' \\mid ')

if (process.argv[1] === fileURLToPath(import.meta.url))
  await putSection('docs/theory.md', 'app/release/catalogue.ts', catalogueSection(await catalogue()))
