/** A checkpoint is read tensor by tensor, when its numbers are asked for; what happens to its name meanwhile changes nothing. */
import assert from 'node:assert/strict'
import { mkdtemp, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { FileError, formatSafetensors, readWeights, type StoredTensor } from '../../models/index.ts'

let directory = ''
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'halograd-bytes-'))
})
after(() => rm(directory, { recursive: true, force: true }))

const tensor = (name: string, values: readonly number[]): StoredTensor => ({
  ...{ name, dtype: 'F32', shape: [values.length] },
  data: Float32Array.from(values),
})
const save = (file: string, ...tensors: readonly StoredTensor[]) => writeFile(file, formatSafetensors(tensors))

test('what was opened is what is read, when another file takes its name', async () => {
  const [file, other] = [join(directory, 'model.safetensors'), join(directory, 'other.safetensors')]
  await save(file, tensor('x', [1, 2, 3]))
  await save(other, tensor('x', [4, 5, 6]))
  const weights = await readWeights(directory)
  await rename(other, file)
  assert.deepEqual(weights.get('x')?.data, Float32Array.of(1, 2, 3))
  assert.deepEqual((await readWeights(directory)).get('x')?.data, Float32Array.of(4, 5, 6))
})

test('a file that shrinks while it is read is refused by name', async () => {
  const file = join(directory, 'model.safetensors')
  await save(file, tensor('x', [1, 2, 3]), tensor('y', [4, 5, 6]))
  const weights = await readWeights(directory)
  const half = (await stat(file)).size - 12
  await truncate(file, half)
  assert.throws(
    () => weights.get('y')?.data,
    (error) => error instanceof FileError && error.message.includes(file) && error.message.includes(`found ${half} bytes`),
  )
})

test('numbers of 16 bits can be had as they are stored', async () => {
  const file = join(directory, 'model.safetensors')
  await writeFile(file, formatSafetensors([tensor('x', [1, -2, 0.5])], {}, 'BF16'))
  const x = (await readWeights(directory)).get('x')
  assert.deepEqual(x?.half?.().bits, Uint16Array.of(0x3f80, 0xc000, 0x3f00))
  assert.deepEqual(x?.data, Float32Array.of(1, -2, 0.5))
})
