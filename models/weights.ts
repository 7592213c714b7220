/**
 * Weights on disk: one `model.safetensors`, or shards listed by `model.safetensors.index.json` (`{weight_map: {tensor: file}}`), as Hugging Face keeps them.
 */
import { basename, join } from 'node:path'
import { CheckpointError, show } from './errors.ts'
import { isObject, parseJson } from './fields.ts'
import { exists, readBytes, readText, writeAtomically } from './files.ts'
import { formatSafetensors, parseSafetensors, type StoredTensor } from './safetensors.ts'

/** Tensors by name. */
export type Weights = ReadonlyMap<string, StoredTensor>

const single = 'model.safetensors'
const index = 'model.safetensors.index.json'

/**
 * The weights in a model directory, sharded or not, or in one safetensors file.
 * @throws FileError, CheckpointError
 */
export const readWeights = async (path: string): Promise<Weights> => {
  if (path.endsWith('.safetensors')) return readOne(path)
  if (await exists(join(path, single))) return readOne(join(path, single))
  if (await exists(join(path, index))) return readSharded(path)
  throw new CheckpointError({
    file: path,
    expected: `${single} or ${index}`,
    found: 'neither',
    advice: 'Give a Hugging Face model directory with safetensors weights (convert pytorch_model.bin first).',
  })
}

/**
 * Writes tensors atomically as one safetensors file, as F32.
 * @throws CheckpointError when two have one name or a shape does not fit its data; FileError
 */
export const writeWeights = async (file: string, tensors: readonly StoredTensor[]): Promise<void> =>
  writeAtomically(file, formatSafetensors(tensors, { format: 'pt' }))

const readOne = async (file: string): Promise<Weights> =>
  new Map(parseSafetensors(await readBytes(file), file).map((tensor) => [tensor.name, tensor]))

const readSharded = async (directory: string): Promise<Weights> => {
  const file = join(directory, index)
  const places = weightMap(await readText(file), file)
  const shards = new Map<string, Weights>()
  for (const shard of new Set(places.map(([, shard]) => shard))) shards.set(shard, await readOne(join(directory, shard)))
  return new Map(
    places.map(([name, shard]) => {
      const tensor = shards.get(shard)?.get(name)
      if (tensor !== undefined) return [name, tensor]
      throw new CheckpointError({
        file: join(directory, shard),
        tensor: name,
        expected: `the tensor, as ${index} says`,
        found: 'no such tensor',
        advice: 'Download or save all shards and the index again.',
      })
    }),
  )
}

/** [tensor, shard] pairs. A shard is a plain file name: an index may not reach outside its directory. */
const weightMap = (text: string, file: string): readonly (readonly [name: string, shard: string])[] => {
  const wrong = (expected: string, found: unknown) =>
    new CheckpointError({ file, expected, found: show(found), advice: 'Download or save the index again.' })
  const json = parseJson(text)
  if (!isObject(json) || !isObject(json.weight_map)) throw wrong('{"weight_map": {tensor: file, …}}', text)
  return Object.entries(json.weight_map).map(([name, shard]) => {
    if (typeof shard === 'string' && shard.endsWith('.safetensors') && basename(shard) === shard) return [name, shard]
    throw wrong(`the name of a safetensors file for ${name}`, shard)
  })
}
