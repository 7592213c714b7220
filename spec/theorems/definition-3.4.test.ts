/** Definition 3.4, for every loss that is declared: each condition proved from its text, at settings drawn at random. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import type { Unary } from '../../core/index.ts'
import {
  always,
  catalogue,
  certain,
  halo,
  isHalo,
  isView,
  logRatio,
  negation,
  rejected,
  type Source,
  value,
  verify,
} from '../../halos/index.ts'
import { theorem } from '../theorem.ts'

const families = (await catalogue()).filter((family) => {
  const loss = certain(family())
  return isHalo(loss) || isView(loss)
})
/** Each setting between half and twice its default (a setting of 0 stays: it switches something off). */
const settings = fc
  .tuple(fc.constantFrom(...families), fc.double({ min: 0.5, max: 2, noNaN: true }))
  .map(
    ([family, factor]) =>
      [family, Object.fromEntries(Object.entries(family.defaults).map(([k, x]) => [k, k === 'alpha' ? x : x * factor]))] as const,
  )

const source: Source = { key: 'control', authors: [], title: 'A control', year: 2024, at: '' }
/** What is not a HALO, declared as if it were one. */
const pretend = (name: string, body: Unary) =>
  certain(halo({ name, source, reward: logRatio(1), reference: rejected, value: value(name, body), t: always(negation) }))
const minus = <A>(S: { readonly mul: (x: A, y: A) => A; readonly of: (n: number) => A }, x: A): A => S.mul(S.of(-1), x)
const controls = [
  pretend('PPO-Clip as published, r = log q', (S) => (z) => minus(S, S.max(minus(S, S.exp(z)), S.of(-1.2)))),
  pretend('cDPO', (S) => (z) => minus(S, S.add(S.softplus(minus(S, z)), S.mul(S.of(0.1), z)))),
  pretend('IPO', (S) => (z) => minus(S, S.mul(S.sub(z, S.of(5)), S.sub(z, S.of(5))))),
  pretend('DiscoPOP', (S) => (z) => {
    const m = S.sigmoid(S.mul(S.of(20), z))
    return minus(S, S.add(S.mul(S.softplus(minus(S, z)), S.sub(S.of(1), m)), S.mul(S.exp(minus(S, z)), m)))
  }),
]

theorem('Definition 3.4', {
  statement: 'every declared loss of the catalogue is a HALO',
  source: 'Ethayarajh et al. (2024), arXiv:2402.01306v1, Definition 3.4',
  holds: fc.property(settings, ([family, chosen]) => verify(certain(family(chosen))).verdict === 'HALO'),
  control: {
    of: controls.map(({ name }) => name).join(', '),
    breaks: fc.property(fc.nat({ max: controls.length - 1 }), (i) => verify(controls[i]!).verdict === 'HALO'),
  },
  cases: 100,
})
for (const control of controls) test(`Definition 3.4 refutes ${control.name}`, () => assert.equal(verify(control).verdict, 'not a HALO'))
