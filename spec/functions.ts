/** How many lines of code each function of a source has, from its syntax tree: neither blank lines nor comments, but all that it encloses. */
import { parseSync } from 'oxc-parser'

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}
const isNode = (x: unknown): x is Node => typeof x === 'object' && x !== null && 'type' in x && typeof x.type === 'string'
const functions = ['ArrowFunctionExpression', 'FunctionExpression', 'FunctionDeclaration']

/** What a function is called by: its own name, or that of what it is the value of. */
const nameOf = (node: Node, parents: readonly Node[]): string => {
  const owner = [node, ...parents.toReversed()].find(({ id, key }) => isNode(id) || isNode(key))
  const name = owner?.id ?? owner?.key
  return isNode(name) && typeof name.name === 'string' ? name.name : 'anonymous'
}

/** The functions of more than `most` lines, outer ones first. */
export const longFunctions = (source: string, most: number): readonly { readonly name: string; readonly lines: number }[] => {
  const { program, comments } = parseSync('source.ts', source)
  const code = comments.reduce((text, { start, end }) => {
    return text.slice(0, start) + text.slice(start, end).replace(/\S/g, ' ') + text.slice(end)
  }, source)
  const linesOf = ({ start, end }: Node): number =>
    code
      .slice(start, end)
      .split('\n')
      .filter((line) => line.trim() !== '').length
  const visit = (x: unknown, parents: readonly Node[]): { name: string; lines: number }[] => {
    if (Array.isArray(x)) return x.flatMap((each) => visit(each, parents))
    if (!isNode(x)) return []
    const mine = functions.includes(x.type) && linesOf(x) > most ? [{ name: nameOf(x, parents), lines: linesOf(x) }] : []
    return [...mine, ...Object.values(x).flatMap((each) => visit(each, [...parents, x]))]
  }
  return visit(program, [])
}
