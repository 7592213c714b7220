/** Findings for people, and for machines: words, JSON, and JUnit's XML as continuous integration reads it. */
import { toJson } from '../terminal/json.ts'

import type { ConformVector } from './conform.ts'
import { type ConformFinding, isViolated } from './findings.ts'

const marks: { readonly [V in ConformFinding['verdict']]: string } = { holds: 'holds', violated: 'VIOLATED', 'not tested': 'not tested' }
/** One line a property, and a sum. */
export const inWords = (loss: string, findings: readonly ConformFinding[]): string => {
  const width = Math.max(...findings.map(({ property }) => property.length))
  const lines = findings.map(
    ({ property, verdict, witness, says }) =>
      `${marks[verdict].padEnd(10)}  ${property.padEnd(width)}  ${verdict === 'holds' ? says : witness}`,
  )
  const count = (verdict: ConformFinding['verdict']): number => findings.filter((finding) => finding.verdict === verdict).length
  return [...lines, '', `${loss}: ${count('holds')} hold, ${count('violated')} violated, ${count('not tested')} not tested`].join('\n')
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
/** A test suite: a property is a case. */
export const inJUnit = (loss: string, findings: readonly ConformFinding[]): string => {
  const skipped = findings.filter(({ verdict }) => verdict === 'not tested').length
  const cases = findings.map(({ property, verdict, witness = '' }) => {
    const inside = {
      holds: '',
      violated: `<failure message="${escaped(witness)}"/>`,
      'not tested': `<skipped message="${escaped(witness)}"/>`,
    }[verdict]
    return `    <testcase classname="${escaped(loss)}" name="${escaped(property)}">${inside}</testcase>`
  })
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="halograd conform ${escaped(loss)}" tests="${findings.length}" failures="${findings.filter(isViolated).length}" skipped="${skipped}">
${cases.join('\n')}
  </testsuite>
</testsuites>
`
}

/**
 * The vectors alone, for who tests without halograd: version 1 of a format that docs/conform.md describes.
 *
 *     { format, version, loss, settings, vectors: [{ property, question, expected }] }
 */
export const inVectors = (loss: string, settings: Readonly<Record<string, number>>, vectors: readonly ConformVector[]): string => {
  const written = vectors.map(({ asked: { property, plain: _, ...question }, expected }) => ({ property, question, expected }))
  return `${toJson({ format: 'halograd conform', version: 1, loss, settings, vectors: written })}\n`
}
