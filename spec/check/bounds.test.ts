/** The checker's arithmetic: bounds contain the true values, and are narrow; derivatives agree with differences; kinks are not missed. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { exp, expm1, log, power, sigmoid, softplus, tanh } from '../../app/check/functions.ts'
import * as I from '../../app/check/interval.ts'
import { type CertificateNode, jetOf } from '../../app/check/jet.ts'

const functions = { exp, expm1, log, sigmoid, softplus, tanh }
/** Computed once with 60 digits by another program (mpmath). */
const values: readonly (readonly [name: keyof typeof functions, x: number, digits: string])[] = [
  ['exp', 1, '2.7182818284590452353602874713526624977572470937000e+0'],
  ['exp', -0.75, '4.7236655274101470713804655094326791297020357913648e-1'],
  ['exp', -40.5, '2.5767571091549809481244039474864515133604936240046e-18'],
  ['exp', 700.25, '1.3022997366991783935335422386192166013495422384341e+304'],
  ['expm1', 9.5367431640625e-7, '9.5367477115374544678824955687428365188553281789775e-7'],
  ['expm1', -3.5, '-9.6980261657768149926021370763638015492833946775234e-1'],
  ['log', 2, '6.9314718055994530941723212145817656807550013436026e-1'],
  ['log', 0.625, '-4.7000362924573555365093703114834206470089904881225e-1'],
  ['log', 2 ** -900, '-6.2383246250395077847550890931235891126795012092423e+2'],
  ['log', 1e6, '1.3815510557964274104107948728106185245606608931773e+1'],
  ['sigmoid', 0.5, '6.2245933120185456463890056574550847875327936530891e-1'],
  ['sigmoid', -30, '9.3576229688392989538395626532849841115757354278696e-14'],
  ['sigmoid', 30, '9.9999999999990642377031160701046160437346715015888e-1'],
  ['softplus', -20, '2.0611536203143807032389827988779152356026698753876e-9'],
  ['softplus', 0.125, '7.5759903531716906624361441564923900137455614380960e-1'],
  ['softplus', 50, '5.0000000000000000000000192874984796391778301715681e+1'],
  ['tanh', 2 ** -12, '2.4414062014936170619261167281366269233596264127579e-4'],
  ['tanh', -1.5, '-9.0514825364486643824230369645649559722764113515878e-1'],
  ['tanh', 9, '9.9999996954004097447930211118358239752536037274914e-1'],
]
/** Digits as an interval: their last one may be rounded. */
const decimal = (digits: string): I.RationalInterval => {
  const [, sign = '', whole = '', rest = '', exponent = '0'] = /^(-?)(\d)\.(\d+)e([+-]\d+)$/.exec(digits)!
  const ten = Number(exponent) - rest.length
  const scaled = (n: bigint): bigint => (ten >= 0 ? n * I.one * 10n ** BigInt(ten) : (n * I.one) / 10n ** BigInt(-ten))
  const n = BigInt(whole + rest)
  const found = I.interval(scaled(n - 1n), scaled(n + 1n) + 1n)
  return sign === '' ? found : I.negate(found)
}

test('each function contains its value, to 100 bits', () => {
  for (const [name, x, digits] of values) {
    const [own, exact] = [functions[name](I.of(x)), decimal(digits)]
    assert.ok(own.low <= exact.high && own.high >= exact.low, `${name}(${x})`)
    const size = own.high < 0n ? -own.high : own.high
    assert.ok(own.high - own.low <= (size >> 100n) + 2n, `${name}(${x}) is not narrow`)
  }
})
test('what may be undefined is refused', () => {
  for (const bad of [() => log(I.of(0)), () => log(I.interval(-I.one, I.one)), () => I.reciprocal(I.interval(-I.one, I.one))])
    assert.throws(bad, I.Rejected)
  assert.throws(() => power(I.interval(-I.one, I.one), I.of(0.5)), I.Rejected)
  assert.throws(() => power(I.interval(0n, I.one), I.of(-1)), I.Rejected)
})

const doubles = fc.double({ min: -700, max: 700, noNaN: true })
const ends = fc.tuple(doubles, doubles).map(([x, y]): readonly [number, number] => [Math.min(x, y), Math.max(x, y)])
const closeTo = (box: I.RationalInterval, y: number): boolean => {
  const wide = Math.abs(y) * 2 ** -44 + 2 ** -1000
  return box.low <= I.exactly(y + wide) && box.high >= I.exactly(y - wide)
}
test('on an interval: the values at points of it are inside', () => {
  const own = { exp: Math.exp, expm1: Math.expm1, tanh: Math.tanh, sigmoid: (x: number) => 1 / (1 + Math.exp(-x)) }
  fc.assert(
    fc.property(ends, fc.double({ min: 0, max: 1, noNaN: true }), ([low, high], t) => {
      const x = low + (high - low) * t
      const box = I.interval(I.exactly(low), I.exactly(high))
      for (const name of ['exp', 'expm1', 'tanh', 'sigmoid'] as const) assert.ok(closeTo(functions[name](box), own[name](x)), name)
      assert.ok(closeTo(I.mul(box, box), x * x) && closeTo(I.add(box, box), 2 * x))
    }),
    { numRuns: 60 },
  )
})

const nodes: readonly CertificateNode[] = [
  ['leaf', 'z'],
  ['constant', 0.5],
  ['mul', 1, 0],
  ['sigmoid', 0],
  ['softplus', 2],
  ['tanh', 2],
  ['mul', 3, 4],
  ['div', 5, 4],
  ['add', 6, 7],
  ['exp', 5],
  ['mul', 9, 9],
  ['sub', 8, 10],
  ['log1p', 9],
  ['sub', 11, 12],
  ['sqrt', 9],
  ['add', 13, 14],
]
test('slopes and curvatures agree with differences of the same expression', () => {
  const at = (z: number): number => {
    const { value } = jetOf(nodes, nodes.length - 1, { z: I.of(z) }, 'z', true)
    return Number((value.low << 60n) / I.one) / 2 ** 60
  }
  fc.assert(
    fc.property(fc.double({ min: -3, max: 3, noNaN: true }), (z) => {
      const { slope, curvature } = jetOf(nodes, nodes.length - 1, { z: I.of(z) }, 'z', true)
      const h = 2 ** -12
      const [rise, bend] = [(at(z + h) - at(z - h)) / (2 * h), (at(z + h) - 2 * at(z) + at(z - h)) / (h * h)]
      for (const [own, other] of [[slope, rise] as const, [curvature, bend] as const])
        assert.ok(Math.abs(Number((own.low << 60n) / I.one) / 2 ** 60 - other) < 1e-5)
    }),
    { numRuns: 20 },
  )
})

test('kinks: undecided inside a box, and where it ends if it is looked at from outside', () => {
  const kink: readonly CertificateNode[] = [
    ['leaf', 'z'],
    ['constant', 1],
    ['max', 0, 1],
  ]
  const on = (low: number, high: number, edge: boolean) => jetOf(kink, 2, { z: I.interval(I.exactly(low), I.exactly(high)) }, 'z', edge)
  assert.equal(on(0, 2, false).curvature.high, I.infinity)
  assert.equal(on(1, 2, false).curvature.high, 0n)
  assert.equal(on(1, 1, true).curvature.high, I.infinity)
  const jump: readonly CertificateNode[] = [
    ['leaf', 'z'],
    ['constant', 1],
    ['less', 0, 1],
  ]
  assert.equal(jetOf(jump, 2, { z: I.interval(0n, 2n * I.one) }, 'z', false).slope.low, -I.infinity)
})
