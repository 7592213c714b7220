/** Readers on damaged and sound files: `npm run fuzz`, in small, with another seed each day; and what was found before. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { DataError } from '../../models/index.ts'
import { fuzz } from './fuzz.ts'
import { anyBytes } from './mutations.ts'
import { readers } from './readers.ts'
import { seedOfToday } from './seed.ts'

/** Files a reader; `npm run fuzz` tries 2,000, as CI does. */
const inputs = Number(process.env.HALOGRAD_FUZZ ?? 300)
const seed = seedOfToday()

for (const reader of readers)
  test(`${reader.name}: read, or refused in words; what is sound comes back as it was`, async (t) => {
    const { failure, accepted, roundTrips, refused, inputs: tried } = await fuzz(reader, inputs, seed)
    t.diagnostic(`seed ${seed}: ${tried} files, ${accepted} read (${roundTrips} of them sound), ${refused} refused`)
    assert.equal(failure, undefined)
    assert.ok(roundTrips * 3 >= tried, `only ${roundTrips} of ${tried} files are sound`)
    assert.ok(refused > 0, 'no damage was noticed')
  })

const broken = (read: (file: Uint8Array) => unknown) =>
  fuzz({ name: 'none', damage: anyBytes, valid: fc.constant({ file: Uint8Array.of(1, 2, 3), value: 6 }), read, keep: false }, 200, 1)
const sum = (file: Uint8Array): number => file.reduce((a, b) => a + b, 0)

test('controls: a reader that throws what it likes, one that refuses what is sound, and one that reads it wrongly, are found', async () => {
  const refusing = (file: Uint8Array): number => {
    if (sum(file) !== 6) throw new DataError({ expected: '6', found: `${sum(file)}`, advice: '' })
    return 6
  }
  assert.equal((await broken(refusing)).failure, undefined)
  const untyped = (file: Uint8Array): number => {
    if (sum(file) !== 6) throw new RangeError('on purpose')
    return 6
  }
  assert.match((await broken(untyped)).failure ?? '', /RangeError: on purpose/)
  assert.match((await broken(() => refusing(Uint8Array.of(1)))).failure ?? '', /expected 6, found 1/)
  assert.match((await broken(() => 7)).failure ?? '', /another value/)
})
