/** CSV by the separator of its header: commas, the semicolons of spreadsheets, tabs, bars; what is in quotes separates nothing. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { readRows } from '../../models/index.ts'
import { temporary } from '../app/fixture.ts'

const folder = temporary()

for (const [name, separator] of [
  ['commas', ','],
  ['semicolons', ';'],
  ['tabs', '\t'],
  ['bars', '|'],
] as const)
  test(`${name} separate`, async () => {
    const file = join(folder, `${name}.csv`)
    const lines = [
      ['prompt', '"completion"', 'label'],
      [`"a${separator} b, c; d"`, '"e ""f"""', 'true'],
      ['g', 'h', '0'],
    ]
    writeFileSync(file, `\uFEFF${lines.map((cells) => cells.join(separator)).join('\r\n')}\r\n`)
    assert.deepEqual(await readRows(file), [
      { tag: 'labelled', prompt: `a${separator} b, c; d`, completion: 'e "f"', label: true },
      { tag: 'labelled', prompt: 'g', completion: 'h', label: false },
    ])
  })

test('a header in quotes with other separators in it, and one of a single column', async () => {
  const quoted = join(folder, 'quoted.csv')
  writeFileSync(quoted, '"prompt","completion","a;b;c;d;e"\nx,y,z\n')
  assert.deepEqual(await readRows(quoted), [{ tag: 'demonstration', prompt: 'x', completion: 'y' }])
  const single = join(folder, 'single.csv')
  writeFileSync(single, 'text\n"one; two"\n')
  assert.deepEqual(await readRows(single), [{ tag: 'text', text: 'one; two' }])
})
