/**
 * The prover against an oracle, on random declarations: nothing that is proved is false, nothing that is refuted is true.
 * `npm run fuzz:prover` tries 20,000; HALOGRAD_FUZZ says how many.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { either as E } from 'fp-ts'
import { numbers } from '../../core/index.ts'
import type { Interval } from '../../core/internal.ts'
import {
  concave,
  type Decision,
  decideSubject,
  nonDecreasing,
  type ProofSubject,
  runProgram,
  showProgram,
  subjectOf,
} from '../../halos/internal.ts'
import { bodyOf, constantsOf, type Tree, trees } from './bodies.ts'
import { fallsBetween, type Oracle, oracle, type Point, pointOf, tells, underChord } from './oracle.ts'

const cases = Number(process.env.HALOGRAD_FUZZ ?? 100)
/** What is not decided in so few boxes is not decided: more cases are tried in the time. */
const budget = 100
const line: Interval = [-Infinity, Infinity]
const magnitudes = [
  1e-300, 1e-14, 1e-6, 1e-3, 0.03, 0.1, 0.25, 0.5, 0.9, 1, 1.5, 2, 3, 5, 8, 20, 40, 100, 300, 709, 750, 1e4, 1e8, 1e14, 1e16,
]

/** Where a function is looked at: at all magnitudes, and on both sides of what may be its kinks. */
const pointsOf = (tree: Tree): readonly number[] => {
  const constants = constantsOf(tree).filter((c) => Number.isFinite(c) && c !== 0)
  const kinks = [
    ...constants,
    ...constants.map((c) => -c),
    ...constants.map((c) => 1 / c),
    ...constants.flatMap((c) => constants.map((d) => d / c)),
  ]
  const near = kinks.slice(0, 30).flatMap((c) => [c, c * (1 + 1e-12), c * (1 - 1e-12), c * 1.01, c * 0.99, c + 1e-3, c - 1e-3])
  const all = [0, ...magnitudes.flatMap((m) => [m, -m]), ...near]
  return [...new Set(all.filter((x) => Number.isFinite(x) && Math.abs(x) < 1e300))].sort((a, b) => a - b)
}
/** Points at which the claim looks false in double precision, the worst first: those that the oracle is asked about. */
const suspects = (f: (z: number) => number, points: readonly number[], how: 'falls' | 'bends'): readonly (readonly number[])[] => {
  const scored = points.slice(how === 'falls' ? 1 : 2).map((_, i) => {
    const at = how === 'falls' ? [points[i]!, points[i + 1]!] : [points[i]!, points[i + 1]!, points[i + 2]!]
    const [a, b, c = 0] = at.map(f) as [number, number, number?]
    const [x, y, z = 0] = at as [number, number, number?]
    const badness = how === 'falls' ? a - b : a + ((c - a) * (y - x)) / (z - x) - b
    return { at, badness: badness / (Math.abs(a) + Math.abs(b) + Math.abs(c) + 1e-300) }
  })
  return scored
    .filter(({ badness }) => badness > 0)
    .sort((a, b) => b.badness - a.badness)
    .slice(0, 8)
    .map(({ at }) => at)
}

const tally = { proved: 0, refuted: 0, open: 0, unknown: 0 }
/** What is wrong with a decision, if anything is. */
const falsehood = (tree: Tree, subject: ProofSubject, f: Oracle, decision: Decision, how: 'falls' | 'bends'): string | undefined => {
  tally[decision.tag]++
  const double = (z: number): number => runProgram(subject.program, numbers, { z })
  const fails = (at: readonly number[]): boolean => failsAt(at.map(pointOf))
  const failsAt = (at: readonly Point[]): boolean =>
    how === 'falls'
      ? at.some((x, i) => at.slice(i + 1).some((y) => fallsBetween(f, x, y)))
      : at.length === 3 && underChord(f, at[0]!, at[1]!, at[2]!)
  if (decision.tag === 'proved') {
    const points = pointsOf(tree).filter((z) => how === 'falls' || z > 0)
    const counter = suspects(double, points, how).find(fails)
    if (counter !== undefined) return `proved, but it ${how} at ${counter.join(', ')}`
    const hole = points.find((z) => Number.isNaN(double(z)) && Math.abs(z) < 30 && f(pointOf(z)) === undefined)
    return hole === undefined ? undefined : `proved, but it is not defined at ${hole}`
  }
  // Of what is infinite somewhere on its way the oracle knows nothing.
  if (decision.tag === 'open' || constantsOf(tree).some((c) => !Number.isFinite(c))) return undefined
  // At the witness or beside it, at some distance, the oracle must see the same.
  const witness = decision.witness.map(pointOf)
  const [first, last] = [witness[0]!, witness.at(-1)!]
  const size = [first, last, pointOf(1e-280)].map((x) => (x < 0n ? -x : x)).sort((x, y) => Number(x < y) - Number(x > y))[0]!
  const steps = [5n, 10n, 20n, 30n, 40n, 50n, 70n, 100n, 2000n].flatMap((k) => [(size >> k) + 1n, (pointOf(1) >> k) + 1n])
  const beside = steps.flatMap((e) => {
    const middle = first + (last - first) / 2n
    return [
      ...[first, last].flatMap((x) => [
        [x - e, x, x + e],
        [x - 2n * e, x - e, x],
        [x, x + e, x + 2n * e],
      ]),
      ...[
        [first, middle, last],
        [first, first + e, last],
        [first, last - e, last],
      ],
    ]
  })
  const seen = [witness, ...beside].some(failsAt)
  // What is infinite on its way (log 0, say) the oracle does not follow, nor what is lost in its fifty digits.
  if (!seen && beside.some((at) => at.some((z, i) => i > 0 && !tells(f, at[i - 1]!, z)))) {
    tally.unknown++
    return undefined
  }
  return seen ? undefined : `refuted at ${decision.witness.join(', ')}: ${decision.why}, which the oracle does not see`
}

/** Everything that is wrong with what is said of a function. */
const falsehoods = (tree: Tree): readonly string[] => {
  const subject = subjectOf(bodyOf(tree))
  if (E.isLeft(subject)) return [`it is no program: ${subject.left}`]
  const f = oracle(subject.right.program)
  const claims = [
    [nonDecreasing, line, 'falls'],
    [concave, [0, Infinity], 'bends'],
  ] as const
  return claims.flatMap(([claim, segment, how]) => {
    const wrong = falsehood(tree, subject.right, f, decideSubject(subject.right, claim, segment, budget), how)
    return wrong === undefined ? [] : [`${showProgram(subject.right.program)}: ${claim.name} ${wrong}`]
  })
}

test(`${cases} random functions: nothing false is proved, nothing true is refuted`, (t) => {
  const run = fc.check(
    fc.property(trees, (tree) => falsehoods(tree).length === 0),
    { numRuns: cases },
  )
  const [tree] = run.counterexample ?? []
  assert.ok(tree === undefined, `${JSON.stringify(tree)}\n${tree && falsehoods(tree).join('\n')}`)
  t.diagnostic(JSON.stringify(tally))
  assert.ok(tally.proved > cases / 10 && tally.refuted > cases / 10, JSON.stringify(tally))
})
