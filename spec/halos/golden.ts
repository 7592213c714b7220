/** Reading the published numbers, and comparing with them. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { Case } from '../../halos/index.ts'
import { shared } from '../shared.ts'

export interface GoldenCase extends Case {
  readonly id: string
  readonly hyper: Readonly<Record<string, unknown>>
  readonly outputs: Readonly<Record<string, unknown>>
  readonly grads: Readonly<Record<string, unknown>>
}
interface Golden {
  readonly functions: Readonly<Record<string, { readonly cases: readonly GoldenCase[] }>>
}
const files = new Map<string, Golden>()
export const goldenCases = (file: 'losses' | 'logits', name: string): readonly GoldenCase[] => {
  const known = files.get(file) ?? (JSON.parse(readFileSync(shared(`golden/${file}.json`)!, 'utf8')) as Golden) // its README states the format
  files.set(file, known)
  return known.functions[name]!.cases
}
export const goldenNames = (file: 'losses' | 'logits'): readonly string[] => {
  goldenCases(file, file === 'losses' ? 'trl_main/kto/kto' : 'trl_main/kto_logits/kto')
  return Object.keys(files.get(file)!.functions)
}

/** Equal to a relative tolerance, entry by entry; strings stand for numbers that are not finite. */
export const agree = (what: string, ours: unknown, theirs: unknown, tolerance = 1e-9): void => {
  if (theirs === null) assert.equal(ours, null, `${what}: they have no gradient here`)
  else if (Array.isArray(theirs)) {
    assert.ok(Array.isArray(ours) && ours.length === theirs.length, `${what}: ${theirs.length} numbers, not ${String(ours)}`)
    for (const [i, x] of theirs.entries()) agree(`${what}[${i}]`, ours[i], x, tolerance)
  } else {
    const [x, y] = [Number(ours), Number(theirs)]
    const near = Math.abs(x - y) <= tolerance * Math.max(Math.abs(x), Math.abs(y)) + tolerance * 1e-5
    assert.ok(Object.is(x, y) || near, `${what}: ${x}, not ${y}`)
  }
}
