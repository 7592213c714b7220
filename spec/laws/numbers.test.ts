/** Sixteen-bit numbers mean the same everywhere: on the host, and where WebAssembly widens them on the way to the device. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wasm } from '../../backends/wasm/index.ts'
import { dispose, evaluate, read, tensor } from '../../core/index.ts'
import { type Half, half, plain, widened } from '../../core/internal.ts'

const all = Uint16Array.from({ length: 1 << 16 }, (_, bits) => bits)

/** What IEEE 754 says: sign · 2^(exponent − bias) · 1.fraction, below the smallest normal number without the leading one. */
const meaning = (bits: number, [exponentBits, fractionBits]: readonly [number, number]): number => {
  const [most, unit] = [2 ** exponentBits - 1, 2 ** -fractionBits]
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> fractionBits) & most, (bits % 2 ** fractionBits) * unit]
  const bias = 2 ** (exponentBits - 1) - 1
  if (exponent === most) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias))
}
const formats = { bf16: [8, 7], f16: [5, 10] } as const

for (const format of ['bf16', 'f16'] as const) {
  const expected = Array.from(all, (bits) => meaning(bits, formats[format]))
  test(`${format}: every bit pattern is its number`, () => {
    assert.deepEqual(Array.from(widened(half(format, all))), expected)
    assert.notEqual(expected[0x3c00], expected[0x3c01])
  })

  test(`${format}: on its way to WebAssembly too, at every length and alignment`, async () => {
    const backend = await wasm({ threads: 1 })
    const onDevice = async (x: Half): Promise<readonly number[]> => {
      const there = await evaluate(backend, tensor({ i: x.length }, x))
      const values = Array.from(await read(backend, there))
      dispose(backend, there)
      return values
    }
    assert.deepEqual(await onDevice(half(format, all)), expected)
    for (let length = 0; length < 12; length++)
      for (const from of [0, 1, 2, 3]) {
        const some = half(format, all.subarray(0x3bf0 + from, 0x3bf0 + from + length))
        assert.deepEqual(await onDevice(some), expected.slice(0x3bf0 + from, 0x3bf0 + from + length), `${length} from ${from}`)
        assert.deepEqual(Array.from(plain(some)), expected.slice(0x3bf0 + from, 0x3bf0 + from + length))
      }
    assert.equal(backend.live(), 0)
  })
}

test('the numbers of a source are fetched when a program needs them, one tensor after the other, and not before', async () => {
  const backend = await wasm({ threads: 1 })
  const asked: string[] = []
  const source = (name: string, values: readonly number[]) => {
    const load = () => {
      asked.push(name)
      return values
    }
    return tensor({ i: values.length }, { length: values.length, load })
  }
  const tree = { a: source('a', [1, 2, 3]), b: source('b', [4]) }
  assert.deepEqual(asked, [])
  const there = await evaluate(backend, tree)
  assert.deepEqual(asked, ['a', 'b'])
  assert.deepEqual(Array.from(await read(backend, there.a)), [1, 2, 3])
  assert.deepEqual(asked, ['a', 'b'])
})
