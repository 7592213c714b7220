/**
 * Evaluation is compilation: trace, hand the graph to a backend, run. A compiled program is traced once per shape of its
 * arguments; what it returns stays on the device until `read`.
 */
import type { Backend, Executable, Graph, Handle, Report } from './backend.ts'
import { conform } from './ops.ts'
import { type AnyTensor, device, forget, input, need, type Resident, reachable, ShapeError, show, type Tensor } from './tensor.ts'
import { alike, leaves, mapTree, paths } from './tree.ts'

/** Compile a function of trees. Its results stay on the device. */
export const compile = <A extends readonly unknown[], B>(backend: Backend, f: (...args: A) => B): Compiled<A, B> =>
  program(backend, f, () => [])

/**
 * Compile `step : (state, …) → [state, metrics]`. The state's memory is taken over by the next state (donated):
 * a state that was stepped from is spent, and using it again is an error.
 */
export const compileStep = <S, A extends readonly unknown[], M>(
  backend: Backend,
  step: (state: S, ...rest: A) => readonly [state: S, metrics: M],
): Compiled<[state: S, ...rest: A], readonly [state: S, metrics: M]> =>
  program<[state: S, ...rest: A], readonly [state: S, metrics: M]>(backend, step, (args, outputs) => {
    const [before, after] = [leaves(args[0]), leaves(outputs[0])]
    if (before.length !== after.length)
      throw new ShapeError(`step: the state has ${before.length} tensors before and ${after.length} after; return the whole state`)
    before.forEach((x, i) => {
      if (show(x.shape) !== show(after[i]!.shape))
        throw new ShapeError(`step: '${paths(args[0])[i]}' is ${show(x.shape)} before and ${show(after[i]!.shape)} after`)
    })
    return before.map((_, i) => [i, i] as const)
  })

export interface Compiled<A extends readonly unknown[], B> {
  (...args: A): Promise<B>
  /** What the backend made of the program for these arguments (compiled if need be). */
  readonly report: (...args: A) => Promise<Report>
}

interface Traced<B> {
  readonly executable: Executable
  readonly captured: readonly AnyTensor[]
  readonly donated: ReadonlySet<number>
  readonly outputs: B
}

const program = <A extends readonly unknown[], B>(
  backend: Backend,
  f: (...args: A) => B,
  donations: (args: A, outputs: B) => readonly (readonly [output: number, input: number])[],
): Compiled<A, B> => {
  const traces: { readonly inside: A; readonly traced: Promise<Traced<B>> }[] = []
  const trace = async (inside: A): Promise<Traced<B>> => {
    forget()
    const outputs = f(...inside)
    const results = leaves(outputs)
    const captured = reachable(results).filter(valued)
    const donated = donations(inside, outputs)
    const graph: Graph = { inputs: [...leaves(inside), ...captured], outputs: results, donated: new Map(donated) }
    return { executable: await backend.compile(graph), captured, donated: new Set(donated.map(([, i]) => i)), outputs }
  }
  const traced = (args: A): Promise<Traced<B>> => {
    const known = traces.find(({ inside }) => alike(inside, args))
    if (known !== undefined) return known.traced
    const inside = mapTree(args, (x, i) => input(`${i}`, x.shape))
    traces.push({ inside, traced: trace(inside) })
    return traces.at(-1)!.traced
  }
  const run = async (...args: A): Promise<B> => {
    const { executable, captured, donated, outputs } = await traced(args)
    const results = await execute(backend, executable, [...leaves(args), ...captured], donated)
    return mapTree(outputs, (x, i) => adopt(backend, x, results[i]!))
  }
  return Object.assign(run, { report: async (...args: A) => (await traced(args)).executable.report })
}

/** Run on tensors: data is uploaded for the occasion, what lives here already is used in place. */
const execute = async (
  backend: Backend,
  executable: Executable,
  inputs: readonly AnyTensor[],
  donated: ReadonlySet<number>,
): Promise<readonly Handle[]> => {
  const passing: Handle[] = []
  const lend = (x: AnyTensor, kept: boolean): Handle => {
    if (x.op.tag === 'data') {
      const handle = backend.upload(x.op.values)
      if (!kept) passing.push(handle)
      return handle
    }
    if (x.op.tag !== 'device') throw new TypeError('a compiled function takes tensors with values: evaluate the expression first')
    const { resident } = x.op
    if (resident.backend.name !== backend.name)
      throw new TypeError(
        `this tensor lives on '${resident.backend.name}', but the program runs on '${backend.name}': read it there, and pass the data`,
      )
    return held(x, resident)
  }
  const handles = inputs.map((x, i) => lend(x, donated.has(i)))
  for (const i of donated) {
    const { op } = inputs[i]!
    if (op.tag !== 'device') continue
    op.resident.handle = undefined
    owners.unregister(op.resident)
  }
  const results = await executable.run(handles)
  for (const handle of passing) backend.free(handle)
  return results
}

const release = (resident: Resident): void => {
  if (resident.handle !== undefined) resident.backend.free(resident.handle)
  resident.handle = undefined
}
const owners = new FinalizationRegistry(release)
const adopt = (backend: Backend, like: AnyTensor, handle: Handle): AnyTensor => {
  const resident = { backend, handle }
  const x = device(like.shape, resident)
  owners.register(x, resident, resident)
  return x
}

/** Free device arrays now, rather than when the tree that holds them is collected. */
export const dispose = (backend: Backend, tree: unknown): void => {
  for (const { op } of leaves(tree)) if (op.tag === 'device' && op.resident.backend.name === backend.name) release(op.resident)
}

/** Put a tree of data (or expressions) on the device. */
export const evaluate = async <T>(backend: Backend, tree: T): Promise<T> => {
  const handles = await once(backend, leaves(tree))
  return mapTree(tree, (x, i) => adopt(backend, x, handles[i]!))
}

/** The numbers of a tensor, in the order of its shape's keys (or of the axes named). */
export const read = async <A extends string>(
  backend: Backend,
  x: Tensor<A>,
  ...order: readonly A[]
): Promise<Float32Array | Float64Array> => {
  const y = order.length === 0 ? x : conform(x, Object.fromEntries(order.map((axis) => [axis, need('read', x, axis)])))
  if (y.op.tag === 'device') return y.op.resident.backend.download(held(y, y.op.resident))
  const [handle] = await once(backend, [y])
  const values = await backend.download(handle!)
  backend.free(handle!)
  return values
}

const held = (x: AnyTensor, { handle }: Resident): Handle => {
  if (handle === undefined)
    throw new TypeError(`the tensor ${show(x.shape)} was donated to an earlier step: use the state which that step returned`)
  return handle
}
const valued = (x: AnyTensor): boolean => x.op.tag === 'data' || x.op.tag === 'device'
const once = async (backend: Backend, outputs: readonly AnyTensor[]): Promise<readonly Handle[]> => {
  const inputs = reachable(outputs).filter(valued)
  const executable = await backend.compile({ inputs, outputs, donated: new Map() })
  return execute(backend, executable, inputs, new Set())
}
