/** Which preset files are of, by their first records; and what to do where none knows them. */
import { either as E } from 'fp-ts'
import { DataError, show } from '../../io/errors.ts'
import { type ReadOptions, readRecords } from '../../io/records.ts'
import { type NamedPreset, nearest, presets, recordsIn } from './recognise.ts'

/** So many records that a preset knows are looked at, or so many at all. */
const [enough, most] = [50, 5000]

/** How many keys each preset asks for and finds, at most, in a record of the file. */
const scores = async (file: string, options: ReadOptions): Promise<ReadonlyMap<NamedPreset, number>> => {
  const found = new Map<NamedPreset, number>()
  let [looked, known] = [0, 0]
  for await (const { content } of readRecords(file, options)) {
    if (++looked > most || known >= enough) break
    if (E.isLeft(content)) continue
    const before = found.size
    for (const preset of presets)
      for (const mapping of preset.mappings)
        if (recordsIn(mapping, content.right).length > 0) found.set(preset, Math.max(found.get(preset) ?? 0, mapping.keys.length))
    if (found.size > before || found.size > 0) known++
  }
  return found
}

/** The preset that knows all the files, by the most keys. @throws DataError where there is none: the keys found, the nearest presets, the mapping to write */
export const presetOf = async (files: readonly string[], options: ReadOptions = {}): Promise<NamedPreset> => {
  const all = await Promise.all(files.map((file) => scores(file, options)))
  const shared = presets.filter((preset) => all.every((each) => each.has(preset)))
  const total = (preset: NamedPreset): number => all.reduce((sum, each) => sum + each.get(preset)!, 0)
  const [best] = shared.toSorted((a, b) => total(b) - total(a) || Number(b.original ?? false) - Number(a.original ?? false))
  if (best !== undefined) return best
  const unknown = files.find((_, i) => all[i]!.size === 0)
  if (unknown !== undefined) throw await unknownShape(unknown, options)
  const each = files.map((file, i) => `${file}: ${[...all[i]!.keys()].map(({ title }) => title).join(' or ')}`)
  throw new DataError({
    expected: 'files of one tool',
    found: each.join('; '),
    advice: 'Import them one by one, or name the preset: --from NAME.',
  })
}

const unknownShape = async (file: string, options: ReadOptions): Promise<DataError> => {
  for await (const { line, content } of readRecords(file, options)) {
    if (E.isLeft(content)) return new DataError({ file, line, ...content.left })
    const near = nearest(content.right).map(({ name }) => name)
    return new DataError({
      file,
      line,
      expected: 'records of a shape that a preset knows',
      found: `the fields ${show(Object.keys(content.right))}`,
      advice: `Say where things are: --prompt PATH --completion PATH --verdict PATH --good VALUES --bad VALUES (or --messages, --chosen, --rejected)${near.length === 0 ? '' : `; or take the nearest preset: --from ${near.join(', ')}`}.`,
    })
  }
  return new DataError({ file, expected: 'at least one record', found: 'an empty file', advice: 'Check the path.' })
}

/** @throws DataError for a name that no preset has */
export const presetNamed = (name: string): NamedPreset => {
  const found = presets.find((preset) => preset.name === name)
  if (found !== undefined) return found
  throw new DataError({
    field: '--from',
    expected: `one of ${presets.map((preset) => preset.name).join(', ')}`,
    found: show(name),
    advice: 'Correct the name, or leave it out: files are recognised by their keys.',
  })
}
