/**
 * A tree of tensors, such as the state of a run, as named tensors that a safetensors file can hold, and back. Names are paths: `parameters.token`,
 * `first.blocks.0.attention.query`, `step`. Numbers are kept as float32, so backends that compute in float32 go on bit by bit.
 */
import { type Backend, fill, leaves, mapTree, paths, read, type Tensor, tensor } from '../../core/index.ts'
import { encode } from '../io/dtypes.ts'
import { CheckpointError, type InputFinding, throwAll } from '../io/errors.ts'
import { type StoredTensor, safetensorsHeader } from '../io/safetensors.ts'
import type { Weights } from '../io/weights.ts'

/**
 * A tree of tensors as named float32 tensors of a safetensors file, for `writeWeights`; `fromSnapshot` is its inverse.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { tensor } from 'halograd/core'
 * import { toSnapshot } from 'halograd/models'
 * const kept = await toSnapshot(reference(), { step: tensor({}, [3]) })
 * ```
 */
export const toSnapshot = async (backend: Backend, tree: unknown): Promise<readonly StoredTensor[]> => {
  const names = paths(tree)
  const stored: StoredTensor[] = []
  for (const [i, x] of leaves(tree).entries()) {
    const data = new Float32Array(await read(backend, x as Tensor<string>))
    stored.push({ name: names[i]!, dtype: 'F32', shape: Object.values(x.shape), data })
  }
  return stored
}

/** The bytes of a safetensors file that holds a tree as `toSnapshot` has it, one tensor after the other: no more than one is in memory beside the device. */
export async function* snapshotFile(backend: Backend, tree: unknown): AsyncGenerator<Uint8Array> {
  const [names, tensors] = [paths(tree), leaves(tree)]
  yield safetensorsHeader(tensors.map(({ shape }, i) => ({ name: names[i]!, shape: Object.values(shape) })))
  for (const x of tensors) yield encode(new Float32Array(await read(backend, x as Tensor<string>)), 'F32')
}

/**
 * The tree that was kept.
 * @param like says which tensors there are, and their shapes; its numbers do not matter
 * @param file named in errors only
 * @throws CheckpointError naming every tensor that is missing, or has another shape
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { tensor } from 'halograd/core'
 * import { fromSnapshot, toSnapshot } from 'halograd/models'
 * const state = { step: tensor({}, [3]) }
 * const kept = await toSnapshot(reference(), state)
 * const again = fromSnapshot(state, new Map(kept.map((each) => [each.name, each])))
 * ```
 */
export const fromSnapshot = <T>(like: T, stored: Weights, file?: string): T => {
  const names = paths(like)
  const findings: InputFinding[] = []
  const tree = mapTree(like, (x, i) => {
    const name = names[i]!
    const [expected, found] = [Object.values(x.shape), stored.get(name)]
    if (found !== undefined && found.shape.join() === expected.join()) return tensor(x.shape, found.data)
    findings.push({
      ...(file === undefined ? {} : { file }),
      tensor: name,
      expected: `shape [${expected.join(', ')}]`,
      found: found === undefined ? 'no such tensor' : `shape [${found.shape.join(', ')}]`,
      advice: 'Resume with the model and the optimizer that the run began with.',
    })
    return fill(x.shape, 0)
  })
  throwAll(CheckpointError, findings)
  return tree
}
