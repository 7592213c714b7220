/** Every preset reads the files of its tool to the rows that they mean: presets and files are found by being there. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type ImportOptions, importing, presets } from '../../models/index.ts'
import { type ImportSummary, parseRows, presetOf } from '../../models/internal.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '../data/import')

interface Case {
  readonly files: readonly string[]
  readonly options?: ImportOptions
  /** The preset that knows the files: where a shape is another's, too, not the folder's. */
  readonly recognised: string
  readonly summary: Pick<ImportSummary, 'found' | 'rated' | 'rows' | 'as' | 'dropped'>
  readonly rows: readonly unknown[]
}
const casesOf = (folder: string): readonly Case[] => JSON.parse(readFileSync(join(root, folder, 'cases.json'), 'utf8'))

const imported = async (files: readonly string[], options: ImportOptions = {}) => {
  const preset = await presetOf(files)
  const { rows, summary } = importing(files, preset.mappings, options)
  const all: unknown[] = []
  for await (const row of rows) all.push(row)
  return { preset, rows: all, summary: summary() }
}

test('every preset has files, every file is read, and nothing else is there', () => {
  assert.deepEqual(
    readdirSync(root).sort(),
    presets.map(({ name }) => name),
  )
  for (const { name } of presets) {
    const read = new Set(casesOf(name).flatMap(({ files }) => files))
    assert.deepEqual(
      [...read].sort(),
      readdirSync(join(root, name))
        .filter((file) => file !== 'cases.json')
        .sort(),
    )
    assert.ok(
      casesOf(name).some(({ recognised }) => recognised === name),
      `no file of ${name} is recognised as such`,
    )
  }
})

for (const { name } of presets)
  describe(name, () => {
    for (const each of casesOf(name))
      test(`${each.files.join(' and ')}${each.options === undefined ? '' : ` ${JSON.stringify(each.options)}`}`, async () => {
        const { preset, rows, summary } = await imported(
          each.files.map((file) => join(root, name, file)),
          each.options,
        )
        assert.equal(preset.name, each.recognised)
        assert.deepEqual(rows, each.rows)
        const { found, rated, as } = summary
        const dropped = Object.fromEntries(
          Object.entries(summary.dropped).map(([reason, places]) => [
            reason,
            places.map((place) => place.slice(join(root, name).length + 1)),
          ]),
        )
        assert.deepEqual({ found, rated, rows: summary.rows, as, dropped }, each.summary)
      })

    test('what is written is training data, and reads as the same again', async () => {
      for (const { rows } of casesOf(name)) {
        const render = (turns: readonly unknown[]) => ({
          _tag: 'Right' as const,
          right: { prompt: JSON.stringify(turns.slice(0, -1)), completion: JSON.stringify(turns.at(-1)) },
        })
        assert.equal(parseRows(rows.map((row) => JSON.stringify(row)).join('\n'), 'rows.jsonl', { render }).length, rows.length)
      }
    })
  })
