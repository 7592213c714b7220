/** Parameters that many programs read should be on the device before the first. */
import { type Backend, evaluate, leaves } from '../../core/index.ts'

/** The tree on the backend: itself, if it is there already. */
export const onDevice = async <T>(backend: Backend, tree: T): Promise<T> =>
  leaves(tree).every(({ op }) => op.tag === 'device' && op.backend.name === backend.name) ? tree : evaluate(backend, tree)
