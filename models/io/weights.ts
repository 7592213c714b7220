/**
 * Weights on disk: one `model.safetensors`, or shards listed by `model.safetensors.index.json` (`{weight_map: {tensor: file}}`), as Hugging Face keeps them.
 */
import { dtypes, type FloatType } from './dtypes.ts'
import { CheckpointError, show } from './errors.ts'
import { isObject } from './fields.ts'
import { readJson } from './json.ts'
import { formatSafetensors, type StoredTensor, tensorsIn } from './safetensors.ts'
import { exists, join, openBytes } from './source.ts'
import { unwrapped } from './wrappers.ts'

/** Tensors by name. */
export type Weights = ReadonlyMap<string, StoredTensor>

const single = 'model.safetensors'
const index = 'model.safetensors.index.json'

/**
 * The weights in a model directory, sharded or not, or in one safetensors file. The numbers of a tensor are read when they are needed.
 * @throws FileError, CheckpointError
 * @example
 * ```ts
 * import { readWeights } from 'halograd/models'
 * export const names = async (directory: string) => [...(await readWeights(directory)).keys()]
 * ```
 */
export const readWeights = async (path: string): Promise<Weights> => {
  if (path.endsWith('.safetensors')) return unwrapped(await readOne(path))
  if (await exists(join(path, single))) return unwrapped(await readOne(join(path, single)))
  if (await exists(join(path, index))) return unwrapped(await readSharded(path))
  throw new CheckpointError({
    file: path,
    expected: `${single} or ${index}`,
    found: 'neither',
    advice: 'Give a Hugging Face model directory with safetensors weights (convert pytorch_model.bin first).',
  })
}

export interface WeightOptions {
  /** How numbers are written. Default F32; BF16 and F16 take half the space, and round. */
  readonly dtype?: FloatType
  /** Bytes of tensors a file may hold; whatever is more becomes shards, of which each holds at least one tensor. Default 2 GB. */
  readonly shardBytes?: number
}

/**
 * The files of a checkpoint, by name: one, or shards and their index. What a directory must not have beside them is `undefined`.
 * @throws CheckpointError when two tensors have one name or a shape does not fit its data
 * @example
 * ```ts
 * import { weightFiles } from 'halograd/models'
 * const files = weightFiles([{ name: 'w', dtype: 'F32', shape: [2], data: new Float32Array([1, 2]) }], { dtype: 'BF16' })
 * ```
 */
export const weightFiles = (
  tensors: readonly StoredTensor[],
  { dtype = 'F32', shardBytes = 2e9 }: WeightOptions = {},
): Readonly<Record<string, string | Uint8Array | undefined>> => {
  const shards: StoredTensor[][] = []
  let room = 0
  for (const tensor of tensors) {
    const bytes = tensor.data.length * dtypes[dtype].size
    if (shards.length === 0 || bytes > room) {
      shards.push([])
      room = shardBytes
    }
    shards.at(-1)?.push(tensor)
    room -= bytes
  }
  if (shards.length <= 1) return { [single]: formatSafetensors(tensors, metadata, dtype), [index]: undefined }
  const nameOf = (shard: number): string => `model-${fiveDigits(shard + 1)}-of-${fiveDigits(shards.length)}.safetensors`
  const places = shards.flatMap((shard, i) => shard.map(({ name }) => [name, nameOf(i)] as const))
  const total = tensors.reduce((sum, { data }) => sum + data.length * dtypes[dtype].size, 0)
  return {
    ...Object.fromEntries(shards.map((shard, i) => [nameOf(i), formatSafetensors(shard, metadata, dtype)])),
    [index]: `${JSON.stringify({ metadata: { total_size: total }, weight_map: Object.fromEntries(places) }, null, 2)}\n`,
    [single]: undefined,
  }
}

/** transformers reads only files that say whose tensors they are. */
export const metadata = { format: 'pt' }
const fiveDigits = (n: number): string => `${n}`.padStart(5, '0')

/** Only the header is read: the numbers of a tensor are read from the file when they are asked for. */
const readOne = async (file: string): Promise<Weights> =>
  new Map(tensorsIn(await openBytes(file), file).map((tensor) => [tensor.name, tensor]))

const readSharded = async (directory: string): Promise<Weights> => {
  const file = join(directory, index)
  const places = weightMap(await readJson(file, CheckpointError), file)
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
const weightMap = (json: unknown, file: string): readonly (readonly [name: string, shard: string])[] => {
  const wrong = (expected: string, found: unknown) =>
    new CheckpointError({ file, expected, found: show(found), advice: 'Download or save the index again.' })
  if (!isObject(json) || !isObject(json.weight_map)) throw wrong('{"weight_map": {tensor: file, …}}', json)
  return Object.entries(json.weight_map).map(([name, shard]) => {
    if (typeof shard === 'string' && shard.endsWith('.safetensors') && !/[\\/]/.test(shard)) return [name, shard]
    throw wrong(`the name of a safetensors file for ${name}`, shard)
  })
}
