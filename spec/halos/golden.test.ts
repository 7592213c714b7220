/**
 * Our losses against the numbers of published implementations: loss, per-example losses, rewards, reference point, gradients.
 * Which of their functions is which of ours is the table `upstream` of halos; what is known to be wrong there is excluded by name.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { reference } from '../../backends/index.ts'
import { type Case, catalogue, certain, evaluateCase, type Upstream, upstream } from '../../halos/index.ts'
import { shared, whenShared } from '../shared.ts'

interface GoldenCase extends Case {
  readonly id: string
  readonly hyper: Readonly<Record<string, unknown>>
  readonly outputs: Readonly<Record<string, unknown>>
  readonly grads: Readonly<Record<string, unknown>>
}
interface Golden {
  readonly functions: Readonly<Record<string, { readonly cases: readonly GoldenCase[] }>>
}
const golden = (file: string): Golden => JSON.parse(readFileSync(shared(file)!, 'utf8')) as Golden // our own file: its README states the format

const backend = reference()
const families = new Map((await catalogue()).map((family) => [family.key, family]))

/** Equal to 1e-9 of the larger, entry by entry; strings stand for numbers that are not finite. */
const agree = (what: string, ours: unknown, theirs: unknown, tolerance: number): void => {
  if (theirs === null) assert.equal(ours, null, `${what}: they have no gradient here`)
  else if (Array.isArray(theirs)) {
    assert.ok(Array.isArray(ours) && ours.length === theirs.length, `${what}: ${theirs.length} numbers, not ${String(ours)}`)
    for (const [i, x] of theirs.entries()) agree(`${what}[${i}]`, ours[i], x, tolerance)
  } else {
    const [x, y] = [Number(ours), Number(theirs)]
    assert.ok(Object.is(x, y) || Math.abs(x - y) <= tolerance * Math.max(Math.abs(x), Math.abs(y)) + 1e-14, `${what}: ${x}, not ${y}`)
  }
}

const settingsOf = ({ settings }: Upstream, hyper: GoldenCase['hyper']): Record<string, number> =>
  Object.fromEntries(Object.entries(settings).map(([ours, theirs]) => [ours, typeof theirs === 'number' ? theirs : Number(hyper[theirs])]))

const order = (entry: Upstream, { inputs: { labels = [] } }: Case, losses: readonly number[]): readonly number[] =>
  entry.desirableFirst ? [true, false].flatMap((label) => losses.filter((_, i) => labels[i] === label)) : losses

const compare = async (entry: Upstream, c: GoldenCase): Promise<void> => {
  const loss = certain(families.get(entry.family)!(settingsOf(entry, c.hyper)))
  const answer = await evaluateCase(backend, loss, c)
  const ours: Readonly<Record<string, unknown>> = { ...answer, losses: order(entry, c, answer.losses) }
  for (const name of ['loss', 'losses', 'chosen_rewards', 'rejected_rewards', 'kl'])
    if (c.outputs[name] !== undefined) agree(name, ours[name], c.outputs[name], 1e-9)
  for (const [name, theirs] of Object.entries(c.grads)) agree(`∂loss/∂${name}`, answer.grads[name], theirs, 1e-9)
}

for (const [name, entry] of Object.entries(upstream))
  test(`${name} is our ${entry.family}`, whenShared('golden/losses.json'), async () => {
    const { cases } = golden('golden/losses.json').functions[name]!
    for (const c of cases) await compare(entry, c).catch((e: Error) => assert.fail(`${c.id}: ${e.message}`))
  })
