/**
 * A theorem is a value: a statement from the literature, the property that checks it, and controls that the same property must refute.
 * A control that survives means that the property is too weak to tell them apart, and fails the suite. Every file of `theorems/` exports
 * some by default, and is listed nowhere; `theorems.test.ts` runs them, and writes the table of the README.
 */
import { readdir } from 'node:fs/promises'
import fc from 'fast-check'

type Property = fc.IRawProperty<unknown, boolean>

/** The same property of something that the theorem does not cover: a counterexample must be found. */
export interface Control {
  readonly of: string
  readonly breaks: Property
}
export interface Theorem {
  readonly name: string
  readonly statement: string
  readonly source: string
  /** Must hold for every generated case. */
  readonly holds: Property
  readonly controls: readonly Control[]
  readonly cases: number
  /** How many boxes the proofs by intervals take, for what is also proved. */
  readonly boxes?: number
}

const seed = 20240202

export const theorem = (
  name: string,
  { cases = 200, ...rest }: Omit<Theorem, 'name' | 'cases'> & Partial<Pick<Theorem, 'cases'>>,
): Theorem => ({ name, cases, ...rest })

/** All of them, in the order of their files. */
export const theorems = async (): Promise<readonly Theorem[]> => {
  const folder = new URL('./theorems/', import.meta.url)
  const files = (await readdir(folder)).sort()
  const modules: readonly { readonly default: readonly Theorem[] }[] = await Promise.all(
    files.map((file) => import(new URL(file, folder).href)),
  )
  return modules.flatMap((module) => module.default)
}

/** Throws where the property fails. */
export const prove = async ({ holds, cases }: Theorem): Promise<void> => {
  await fc.assert(holds, { numRuns: cases, seed })
}

const refuted = new Map<Control, Promise<string>>()
/** The shrunk counterexample of a control; throws if there is none. */
export const refute = ({ cases }: Theorem, control: Control): Promise<string> => {
  const known = refuted.get(control) ?? search(control, cases)
  refuted.set(control, known)
  return known
}
const search = async ({ of, breaks }: Control, cases: number): Promise<string> => {
  const run = await fc.check(breaks, { numRuns: cases, seed })
  if (!run.failed) throw new Error(`the control (${of}) satisfies the property: it is too weak to tell them apart`)
  return fc.stringify(run.counterexample)
}

// ------------------------------------------------------------------ the table of the README

/** The file that puts it there: `npm run theorems`. */
export const maker = 'spec/write-theorems.ts'

/** Statement, source, cases and boxes, and what refuted the controls, as a table. */
export const tableOf = async (all: readonly Theorem[]): Promise<string> => {
  const rows = await Promise.all(
    all.map(async (t) => {
      const controls = await Promise.all(t.controls.map(async (control) => `${control.of} (${short(await refute(t, control))})`))
      const checked = `${t.cases} cases${t.boxes === undefined ? '' : `, ${t.boxes} boxes`}`
      return [`**${t.name}**: ${t.statement}`, linked(t.source), checked, controls.join('; ')].map((cell) => cell.replaceAll('|', '\\|'))
    }),
  )
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [
    line(['what holds', 'source', 'checked in', 'what it does not hold for (refuted by)']),
    '|---|---|---|---|',
    ...rows.map(line),
  ].join('\n')
}
/** A counterexample is a tuple of what was drawn: to four digits, or, where it is one witness, that witness. */
const short = (counterexample: string): string => {
  const witness = /^\["([^"]*)"\]$/.exec(counterexample)?.[1]
  const rounded = counterexample.replaceAll(/-?\d+\.\d{4,}(e[+-]\d+)?/g, (x) => `${Number(Number(x).toPrecision(4))}`)
  const said = witness ?? `at ${rounded.slice(1, -1)}`
  return said.length <= 110 ? said : `${said.slice(0, 109)}…`
}
const kto = 'Ethayarajh et al. (2024), arXiv:2402.01306v1'
const linked = (source: string): string => source.replaceAll(kto, '[KTO](https://arxiv.org/abs/2402.01306v1)')
