/** The maximum of a row, as rows kernels fold it: NaN, infinities and zeros of both signs among the numbers, at every length. */
import { strict as assert } from 'node:assert'
import { after, test } from 'node:test'
import { wasm } from '../../backends/wasm/index.ts'
import { compile, max, read, type Tensor, tensor } from '../../core/index.ts'
import { generator } from './random.ts'

const backend = await wasm({ threads: 1 })
after(() => backend.close?.())

test('max over a row is Math.max of it (zeros are equal)', async () => {
  const { pick, real } = generator(11)
  const rows = 40
  const run = compile(backend, (x: Tensor<'row' | 'column'>) => max(x, 'column'))
  for (const columns of [1, 2, 3, 4, 5, 7, 8, 15, 16, 31, 32, 33, 63, 64, 66, 100, 131]) {
    const values = Array.from({ length: rows }, (_, row): readonly number[] => {
      const common = pick([[0, -0], [-0], [-Infinity, -1], [1, Infinity], []])
      const line = Array.from({ length: columns }, () => (common.length > 0 ? pick(common) : Math.fround(real())))
      if (row % 4 === 0) line[Math.floor((row / rows) * columns)] = NaN
      return line
    })
    const x = tensor({ row: rows, column: columns }, Float32Array.from(values.flat()))
    const got = await read(backend, await run(x))
    values.forEach((line, row) => {
      const want = Math.max(...line)
      assert(
        got[row] === want || (Number.isNaN(want) && Number.isNaN(got[row])),
        `${columns} columns, row ${row}: ${got[row]} instead of ${want} of ${line}`,
      )
    })
  }
})
