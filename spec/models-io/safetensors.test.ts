/** safetensors round trips bit by bit; truncated, misshapen and contradictory files are refused with file and tensor. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import {
  CheckpointError,
  type DType,
  formatSafetensors,
  parseSafetensors,
  readWeights,
  type StoredTensor,
  weightFiles,
  writeDirectoryAtomically,
  writeWeights,
} from '../../models/index.ts'
import type { FloatType } from '../../models/internal.ts'
import { shared, whenShared } from '../shared.ts'

/** A file with this header and so many zero bytes of data. */
const fileOf = (header: unknown, dataBytes: number | Uint8Array = 0): Uint8Array => {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const data = typeof dataBytes === 'number' ? new Uint8Array(dataBytes) : dataBytes
  const bytes = new Uint8Array(8 + json.length + data.length)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  bytes.set(json, 8)
  bytes.set(data, 8 + json.length)
  return bytes
}

const tensor = (name: string, shape: readonly number[], data: readonly number[]): StoredTensor => ({
  name,
  dtype: 'F32',
  shape,
  data: Float32Array.from(data),
})

const refused = (bytes: Uint8Array, ...words: readonly string[]): void => {
  assert.throws(
    () => parseSafetensors(bytes, 'm.safetensors'),
    (error) => {
      assert.ok(error instanceof CheckpointError)
      for (const word of ['m.safetensors', ...words]) assert.ok(error.message.includes(word), `"${error.message}" lacks "${word}"`)
      return true
    },
  )
}

describe('safetensors, as bytes', () => {
  test('what is written reads back, bit by bit', () => {
    const tensors = fc.uniqueArray(
      fc
        .record({ name: fc.string({ unit: 'grapheme', minLength: 1 }), shape: fc.array(fc.nat({ max: 4 }), { maxLength: 3 }) })
        .filter(({ name }) => name !== '__metadata__')
        .chain(({ name, shape }) => {
          const length = shape.reduce((a, b) => a * b, 1)
          return fc
            .float32Array({ minLength: length, maxLength: length })
            .map((data): StoredTensor => ({ name, dtype: 'F32', shape, data }))
        }),
      { selector: ({ name }) => name, maxLength: 6 },
    )
    fc.assert(
      fc.property(tensors, (written) => {
        const read = parseSafetensors(formatSafetensors(written, { format: 'pt' }), 'memory')
        const byName = new Map(read.map((each) => [each.name, each]))
        assert.equal(read.length, written.length)
        for (const each of written) assert.deepEqual(byName.get(each.name), each)
      }),
    )
  })

  test('every dtype means its numbers, wherever in the file they begin', () => {
    const cases: readonly (readonly [DType, ArrayBuffer, readonly number[]])[] = [
      ['F64', Float64Array.of(1.5, -2).buffer, [1.5, -2]],
      ['F32', Float32Array.of(1.5, -2).buffer, [1.5, -2]],
      // 1, -2, the largest, the smallest normal, the smallest subnormal, 0, -∞ (IEEE 754, table of binary16 examples)
      [
        'F16',
        Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x0000, 0xfc00).buffer,
        [1, -2, 65504, 2 ** -14, 2 ** -24, 0, -Infinity],
      ],
      ['BF16', Uint16Array.of(0x3f80, 0xc000, 0x4049, 0x7f80).buffer, [1, -2, 3.140625, Infinity]],
      ['I64', BigInt64Array.of(-1n, 5_000_000_000n).buffer, [-1, 5_000_000_000]],
      ['I32', Int32Array.of(-1, 7).buffer, [-1, 7]],
      ['U8', Uint8Array.of(0, 255).buffer, [0, 255]],
      ['I8', Int8Array.of(-128, 127).buffer, [-128, 127]],
      ['I16', Int16Array.of(-32768, 3).buffer, [-32768, 3]],
      ['U16', Uint16Array.of(65535, 3).buffer, [65535, 3]],
      ['U32', Uint32Array.of(7, 2 ** 31).buffer, [7, 2 ** 31]],
      ['U64', BigUint64Array.of(7n, 2n ** 63n).buffer, [7, 2 ** 63]],
      ['BOOL', Uint8Array.of(0, 1).buffer, [0, 1]],
      // 1, −2, the largest, the smallest subnormal, NaN (Micikevicius et al. 2022, arXiv:2209.05433, table 1)
      ['F8_E4M3', Uint8Array.of(0x38, 0xc0, 0x7e, 0x01, 0x7f).buffer, [1, -2, 448, 2 ** -9, Number.NaN]],
      ['F8_E5M2', Uint8Array.of(0x3c, 0xc0, 0x7b, 0x01, 0x7c, 0x7f).buffer, [1, -2, 57344, 2 ** -16, Infinity, Number.NaN]],
    ]
    for (const [dtype, buffer, numbers] of cases) {
      const header = { x: { dtype, shape: [numbers.length], data_offsets: [0, buffer.byteLength] } }
      for (let spaces = 0; spaces < 8; spaces++) {
        const file = fileOf(JSON.stringify(header) + ' '.repeat(spaces), new Uint8Array(buffer))
        const [read] = parseSafetensors(file, 'memory')
        assert.deepEqual(read, { name: 'x', dtype, shape: [numbers.length], data: Float32Array.from(numbers) })
        const inPlace = dtype === 'F32' && (file.length - buffer.byteLength) % 4 === 0
        assert.equal(read?.data.buffer === file.buffer, inPlace, 'data that need no conversion are not copied')
      }
    }
  })

  const bytesOf = (numbers: Iterable<number>, dtype: FloatType): Uint8Array => {
    const data = Float32Array.from(numbers)
    return formatSafetensors([{ name: 'x', dtype: 'F32', shape: [data.length], data }], {}, dtype)
  }
  const roundTrip = (numbers: Iterable<number>, dtype: FloatType): Float32Array =>
    parseSafetensors(bytesOf(numbers, dtype), 'memory')[0]!.data

  for (const [dtype, infinity, unit] of [
    ['F16', 0x7c00, 'half'],
    ['BF16', 0x7f80, 'upper half of a float32'],
  ] as const)
    test(`${dtype}: every ${unit} is itself; whatever lies between two goes to the nearer one, a tie to the even one`, () => {
      const positive = Uint16Array.from({ length: infinity + 1 }, (_, i) => i)
      const header = { x: { dtype, shape: [positive.length], data_offsets: [0, positive.byteLength] } }
      const values = parseSafetensors(fileOf(header, new Uint8Array(positive.buffer)), 'memory')[0]!.data
      assert.equal(values[infinity], Infinity)
      assert.deepEqual(roundTrip(values, dtype), values)
      const negative = values.map((x) => -x)
      assert.deepEqual(roundTrip(negative, dtype), negative)
      // Between the largest finite number and what would follow it, half-way, infinity begins.
      const upper = [...values].with(infinity, 2 * values[infinity - 1]! - values[infinity - 2]!)
      const expected = {
        below: values.slice(0, -1),
        tie: values.slice(0, -1).map((x, i) => (i % 2 === 0 ? x : values[i + 1]!)),
        above: values.slice(1),
      }
      const middles = expected.below.map((x, i) => x + (upper[i + 1]! - x) / 2)
      assert.deepEqual(roundTrip(middles, dtype), expected.tie)
      const nudged = (by: number) => new Float32Array(new Uint32Array(middles.buffer).map((bits) => bits + by).buffer)
      assert.deepEqual(roundTrip(nudged(-1), dtype), expected.below)
      assert.deepEqual(roundTrip(nudged(1), dtype), expected.above)
      assert.ok(roundTrip([Number.NaN], dtype).every(Number.isNaN))
    })

  test('every truncation of a file is refused', () => {
    const whole = formatSafetensors([tensor('a', [2], [1, 2]), tensor('b', [1, 3], [3, 4, 5])])
    for (let length = 0; length < whole.length; length++)
      assert.throws(() => parseSafetensors(whole.subarray(0, length), 'cut'), CheckpointError, `${length} bytes`)
  })

  test('a header that does not describe its data is refused, saying which tensor', () => {
    const f32 = (shape: readonly number[], begin: number, end: number) => ({ dtype: 'F32', shape, data_offsets: [begin, end] })
    refused(fileOf({ a: f32([2], 0, 8), b: f32([2], 4, 12) }, 12), 'tensor b', 'overlapping')
    refused(fileOf({ a: f32([2], 0, 8), b: f32([2], 12, 20) }, 20), 'tensor b', 'gap')
    refused(fileOf({ a: f32([2], 0, 8), b: f32([2], 8, 16) }, 12), 'tensor b', 'expected 16 bytes', 'found 12 bytes')
    refused(fileOf({ a: f32([2], 0, 8) }, 12), 'expected 8 bytes', 'found 12 bytes')
    refused(fileOf({ a: f32([3, 2], 0, 8) }, 8), 'tensor a', '24 bytes for F32 [3, 2]', '8 bytes')
    refused(fileOf({ a: f32([-2], 0, 8) }, 8), 'tensor a', 'shape')
    refused(fileOf({ a: f32([0.5], 0, 2) }, 2), 'tensor a', 'shape')
    refused(fileOf({ a: f32([1], 4, 0) }, 4), 'tensor a')
    refused(fileOf({ a: { dtype: 'F4', shape: [1], data_offsets: [0, 1] } }, 1), 'tensor a', 'F4', 'BF16')
    refused(fileOf({ a: 'nonsense' }), 'tensor a', 'nonsense')
    refused(
      fileOf('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1),
      'tensor a',
      'two',
    )
    refused(fileOf('[]'), 'JSON object')
    refused(fileOf('{"a":'), 'JSON object')
    refused(Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127, 123), 'header')
  })

  test('what cannot be read back is not written', () => {
    assert.throws(() => formatSafetensors([tensor('a', [1], [1]), tensor('a', [1], [2])]), CheckpointError)
    assert.throws(() => formatSafetensors([tensor('__metadata__', [1], [1])]), CheckpointError)
    assert.throws(() => formatSafetensors([tensor('a', [2], [1])]), /tensor a: expected 2 elements for \[2\], found 1/)
  })
})

describe('weights, on disk', () => {
  let directory = ''
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'halograd-weights-'))
  })
  after(() => rm(directory, { recursive: true }))

  const shardedBy = (map: Readonly<Record<string, unknown>>) =>
    writeFile(join(directory, 'model.safetensors.index.json'), JSON.stringify({ metadata: {}, weight_map: map }))

  test('shards are read as their index says', async () => {
    await writeWeights(join(directory, 'one.safetensors'), [tensor('a', [2], [1, 2])])
    await writeWeights(join(directory, 'two.safetensors'), [tensor('b', [1], [3]), tensor('c', [], [4])])
    await shardedBy({ a: 'one.safetensors', b: 'two.safetensors', c: 'two.safetensors' })
    const weights = await readWeights(directory)
    assert.deepEqual([...weights.values()], [tensor('a', [2], [1, 2]), tensor('b', [1], [3]), tensor('c', [], [4])])
  })

  test('what is written in shards reads back, in any order of sizes; each directory holds one checkpoint', async () => {
    const out = join(directory, 'sharded')
    const sizes = [0, 3, 1, 40, 2, 2, 0, 7]
    const tensors = sizes.map((size, i) =>
      tensor(
        `t${i}`,
        [size],
        Array.from({ length: size }, (_, k) => i + k / 8),
      ),
    )
    for (const dtype of ['F32', 'F16', 'BF16'] as const)
      for (const shardBytes of [1, 20, 100, 1e9]) {
        const files = weightFiles(tensors, { dtype, shardBytes })
        await writeDirectoryAtomically(out, files)
        const there = Object.keys(files).filter((name) => files[name] !== undefined)
        assert.deepEqual((await readdir(out)).filter((name) => !/-of-/.test(name) || there.includes(name)).sort(), there.sort())
        const expected = tensors.map((each) => [each.name, { ...each, dtype }] as const)
        assert.deepEqual(new Map([...(await readWeights(out))].sort()), new Map(expected))
        assert.deepEqual(there.length === 1, shardBytes === 1e9)
        for (const name of there.filter((name) => name.endsWith('.safetensors'))) {
          const shard = parseSafetensors(await readFile(join(out, name)), name).filter(({ data }) => data.length > 0)
          const bytes = shard.reduce((sum, { data }) => sum + data.length * (dtype === 'F32' ? 4 : 2), 0)
          assert.ok(bytes <= shardBytes || shard.length === 1, `${name} has ${bytes} bytes`)
        }
      }
  })

  test('an index that promises what is not there, or reaches outside its directory, is refused', async () => {
    await shardedBy({ a: 'one.safetensors', b: 'one.safetensors' })
    await assert.rejects(readWeights(directory), /one\.safetensors, tensor b: expected the tensor/)
    await shardedBy({ a: '../one.safetensors' })
    await assert.rejects(readWeights(directory), CheckpointError)
    await shardedBy({ a: 'absent.safetensors' })
    await assert.rejects(readWeights(directory), /absent\.safetensors: expected a file that can be read, found no such file/)
    await writeFile(join(directory, 'model.safetensors.index.json'), '{"weight_map": [')
    await assert.rejects(readWeights(directory), /index\.json: expected a JSON document, found malformed JSON/)
  })

  test('a directory without weights is refused', async () => {
    await assert.rejects(
      readWeights(join(directory, 'nowhere')),
      /expected model\.safetensors or model\.safetensors\.index\.json, found neither/,
    )
  })

  test('writing leaves one file, and bad tensors none', async () => {
    const out = await mkdtemp(join(directory, 'out-'))
    await assert.rejects(writeWeights(join(out, 'model.safetensors'), [tensor('a', [2], [1])]), CheckpointError)
    assert.deepEqual(await readdir(out), [])
    await writeWeights(join(out, 'model.safetensors'), [tensor('a', [1], [1])])
    assert.deepEqual(await readdir(out), ['model.safetensors'])
  })

  test('stories260K reads, and writes back to the same tensors', whenShared('models/stories260K-hf'), async () => {
    const weights = await readWeights(shared('models/stories260K-hf')!)
    assert.equal(weights.size, 2 + 5 * 9)
    assert.deepEqual(weights.get('model.layers.4.mlp.down_proj.weight')?.shape, [64, 172])
    assert.equal(
      [...weights.values()].reduce((sum, { data }) => sum + data.length, 0),
      260_032,
    )
    const copy = join(directory, 'copy.safetensors')
    await writeWeights(copy, [...weights.values()])
    assert.deepEqual(await readWeights(copy), weights)
    assert.equal((await readFile(copy)).length % 8, 0)
  })
})
