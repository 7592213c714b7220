/** Certificates of the whole catalogue are accepted, by a checker that shares nothing with the prover; what was tampered with is rejected. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import test from 'node:test'
import fc from 'fast-check'
import { check } from '../../app/check/index.ts'
import type { Scalar } from '../../core/index.ts'
import { type AnyLoss, always, catalogue, certificate, getOrThrow, halo, logRatio, negation, rejected, value } from '../../halos/index.ts'
import { tamperings } from './tampering.ts'

const written = (loss: AnyLoss): string => JSON.stringify(certificate(loss))
const texts = new Map((await catalogue()).map((family) => [family.key, written(getOrThrow(family()))]))

/** A declaration that is refuted has a claim that cannot be made, and no lemma is of declarations: nothing is certified of it. */
const refutedDeclarations: ReadonlySet<string> = new Set(['diffusion-kto-seeking'])
for (const [key, text] of texts)
  test(`${key}: its certificate is ${refutedDeclarations.has(key) ? 'rejected' : 'accepted'}`, () => {
    const outcome = check(JSON.parse(text))
    assert.equal(outcome.accepted, !refutedDeclarations.has(key), outcome.accepted ? '' : outcome.reason)
  })

test('there are more than 50 ways to tamper, each of its own', () => {
  assert.ok(new Set(tamperings.map(([what]) => what)).size >= 50)
  assert.equal(new Set(tamperings.map(([what]) => what)).size, tamperings.length)
})
for (const [what, key, because, change] of tamperings)
  test(`${key}, tampered: ${what}`, () => {
    const draft = JSON.parse(texts.get(key)!)
    change(draft)
    assert.notDeepEqual(draft, JSON.parse(texts.get(key)!), 'it was changed')
    const outcome = check(draft)
    assert.ok(!outcome.accepted, 'it is accepted')
    assert.match(outcome.reason, because)
  })

test('what is no certificate is rejected, whatever it is', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (json) => assert.ok(!check(json).accepted)),
    { numRuns: 200 },
  )
  // …and whatever field of a certificate it takes the place of.
  const sound = JSON.parse(texts.get('kto')!)
  const needed = Object.keys(sound).filter((key) => !['loss', 'uncertified', 'settings'].includes(key))
  fc.assert(
    fc.property(fc.constantFrom(...needed), fc.jsonValue(), (key, json) => {
      if (JSON.stringify(json) !== JSON.stringify(sound[key])) assert.ok(!check({ ...sound, [key]: json }).accepted, key)
    }),
    { numRuns: 200 },
  )
})

/** Value functions by three numbers: logistic pieces, a line, a kink. */
const declared = (a: number, b: number, c: number): AnyLoss =>
  getOrThrow(
    halo({
      name: 'made up',
      reward: logRatio(1),
      reference: rejected,
      t: always(negation),
      value: value('v', <A>(S: Scalar<A>) => (z: A) => {
        const line = S.add(S.sigmoid(S.add(z, S.of(a))), S.mul(S.of(b), z))
        return S.sub(line, S.mul(S.of(c), S.max(S.of(0), S.sub(z, S.of(1)))))
      }),
    }),
  ) as unknown as AnyLoss // of pairs, as every loss accepts everything
test('a value function that falls or bends upwards at a gain is never accepted', () => {
  const few = fc.double({ min: -1, max: 1, noNaN: true })
  let [accepted, refused] = [0, 0]
  fc.assert(
    fc.property(few, few, few, (a, b, c) => {
      const v = (z: number): number => 1 / (1 + Math.exp(-z - a)) + b * z - c * Math.max(0, z - 1)
      const at = Array.from({ length: 400 }, (_, i) => (i - 200) / 8)
      const falls = at.some((z) => v(z + 0.125) < v(z) - 1e-12)
      const bends = at.some((z) => z > 0 && v(z + 0.125) + v(z - 0.125) > 2 * v(z) + 1e-12 && z > 0.125)
      const { accepted: yes } = check(JSON.parse(written(declared(a, b, c))))
      if (falls || bends) assert.ok(!yes, `${a} ${b} ${c}`)
      if (yes) accepted++
      else refused++
    }),
    { numRuns: 60 },
  )
  assert.ok(accepted > 0 && refused > 0, `${accepted} accepted, ${refused} refused`)
})

test('the checker imports nothing but itself, and is small enough to be read', () => {
  const folder = new URL('../../app/check/', import.meta.url)
  const files = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8'))
  const imported = files.flatMap((text) => [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((found) => found[1]!))
  assert.ok(imported.length > 5)
  assert.deepEqual(
    imported.filter((name) => !/^\.\/\w+\.ts$/.test(name)),
    [],
  )
  const code = files.flatMap((text) => text.replace(/\/\*\*[\s\S]*?\*\//g, '').split('\n'))
  const lines = code.filter((line) => !/^\s*(\/\/.*)?$/.test(line)).length
  assert.ok(lines <= 500, `${lines} lines of code`)
})
