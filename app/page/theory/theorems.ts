/** The theorems as the page shows them: the table of docs/theory.md, which the test suite writes from what it has checked. */

export interface TheoremEntry {
  readonly name: string
  readonly statement: string
  readonly source: string
  readonly link?: string
  /** In how many cases it was checked. */
  readonly checked: string
  /** What it does not hold for, and what refutes it there. */
  readonly control: string
}

/** A row of the table: | **name**: statement | source | cases | control | */
export const theoremsIn = (markdown: string): readonly TheoremEntry[] => {
  const table = /<!-- made by spec\/write-theorems\.ts -->([\s\S]*?)<!-- end of what is made -->/.exec(markdown)?.[1] ?? ''
  return table.split('\n').flatMap((line) => {
    const [, what = '', source = '', checked = '', control = ''] = line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'))
    const [, name, statement] = /^\*\*(.+?)\*\*:? ?([\s\S]*)$/.exec(what) ?? []
    if (name === undefined || statement === undefined) return []
    const link = /\]\((https:[^)]+)\)/.exec(source)?.[1]
    return [
      { name, statement, source: source.replace(/\[([^\]]+)\]\([^)]+\)/g, '$1'), checked, control, ...(link !== undefined && { link }) },
    ]
  })
}
