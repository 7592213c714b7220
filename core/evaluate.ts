/**
 * Evaluation is compilation: trace, hand the graph to a backend, run. A compiled program is traced once per shape of its
 * arguments; what it returns stays on the device until `read`.
 */
import { checkIndices, type Indexed, indexed } from './indices.ts'
import { fetched, isHalf, type Narrow, type Numbers, plain, type Source, widened } from './numbers.ts'
import { broadcastTo } from './ops.ts'
import { clearTraceCache, device, input, need, reachable, ShapeError, show, storageOf } from './tensor.ts'
import { build, leaves, mapTree, matching, paths, type Structure, structure } from './tree.ts'
import type { AnyTensor, Backend, BufferOwner, DeviceBuffer, Executable, Handle, Report, Shape, Tensor } from './types.ts'

/**
 * Compile a function of trees of tensors. It is traced once for each combination of argument shapes; its results stay on the device until
 * `read`.
 * @throws IndexError (the compiled function) where `take` or `scatterAdd` is given data that is no position of its axis; TypeError where
 * a tensor has no values, lives on another backend, or was donated to an earlier step
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { compile, dot, read, type Tensor, tensor } from 'halograd/core'
 * const backend = reference()
 * const product = compile(backend, (x: Tensor<'i' | 'k'>, y: Tensor<'k'>) => dot(x, y, 'k'))
 * const z = await product(tensor({ i: 2, k: 2 }, [1, 2, 3, 4]), tensor({ k: 2 }, [1, 1]))
 * console.log(await read(backend, z)) // Float64Array [3, 7]
 * ```
 */
export const compile = <A extends readonly unknown[], B>(backend: Backend, f: (...args: A) => B): Compiled<A, B> =>
  program(backend, f, () => [])

/**
 * Compile `step : (state, …) → [state, metrics]`. The memory of the state is donated to the next state: a state that was stepped from is
 * spent, and using it again is an error.
 * @throws ShapeError where the next state has other tensors or shapes than the state
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { compileStep, mul, type Tensor, tensor } from 'halograd/core'
 * const halve = compileStep(reference(), (x: Tensor) => [mul(x, 0.5), { before: x }] as const)
 * const [half, { before }] = await halve(tensor({}, [3]))
 * ```
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

/**
 * A compiled function: called with tensors, it resolves to tensors that live on the device. It is traced once for each combination of
 * argument shapes.
 */
export interface Compiled<A extends readonly unknown[], B> {
  (...args: A): Promise<B>
  /** What the backend made of the program for these arguments (compiled if need be). */
  readonly report: (...args: A) => Promise<Report>
}

interface TracedFunction {
  readonly executable: Executable
  readonly captured: readonly AnyTensor[]
  /** For each input, the axes of which it holds positions. */
  readonly positions: readonly (readonly Indexed[] | undefined)[]
  readonly donated: readonly (readonly [output: number, input: number])[]
  /** A tree of inputs, shaped like the results. Donated ones are the very inputs: two shapes that are one object need no comparing. */
  readonly results: Structure
}

const program = <A extends readonly unknown[], B>(
  backend: Backend,
  f: (...args: A) => B,
  donations: (args: A, outputs: B) => readonly (readonly [output: number, input: number])[],
): Compiled<A, B> => {
  const traces: { readonly inside: Structure; readonly traced: Promise<TracedFunction> }[] = []
  const trace = async (inside: A): Promise<TracedFunction> => {
    clearTraceCache()
    const outputs = f(...inside)
    const order = reachable(leaves(outputs))
    const captured = order.filter(hasValues)
    const donated = donations(inside, outputs)
    const from = new Map(donated)
    const inputs = [...leaves(inside), ...captured]
    const found = indexed(order)
    const positions = inputs.map((x) => found.get(x))
    const results = structure(mapTree(outputs, (x, i) => inputs[from.get(i) ?? -1] ?? input(`${i}`, x.shape)))
    return { executable: await backend.compile({ inputs, outputs: leaves(outputs), donated: from }), captured, positions, donated, results }
  }
  const find = (args: A): { readonly traced: Promise<TracedFunction>; readonly given: readonly AnyTensor[] } => {
    for (const { inside, traced } of traces) {
      const given = matching(inside, args)
      if (given !== undefined) return { traced, given }
    }
    const inside = mapTree(args, (x, i) => input(`${i}`, x.shape, storageOf(x)))
    traces.push({ inside: structure(inside), traced: trace(inside) })
    return find(args)
  }
  const run = async (...args: A): Promise<B> => {
    const { traced, given } = find(args)
    const { executable, captured, positions, donated, results } = await traced
    const inputs = [...given, ...captured]
    for (const [i, { op, shape }] of inputs.entries())
      if (op.tag === 'data' && positions[i]) checkIndices(shape, plain(op.values), positions[i])
    const made = await execute(backend, executable, inputs, donated)
    return build(results, ({ shape }, i) => device(shape, made[i]!)) as B // shaped like what `f` returned
  }
  return Object.assign(run, { report: async (...args: A) => (await find(args).traced).executable.report })
}

/** Run on tensors: data is uploaded for the occasion, what lives here already is used in place. */
const execute = async (
  backend: Backend,
  executable: Executable,
  inputs: readonly AnyTensor[],
  donated: TracedFunction['donated'],
): Promise<readonly DeviceBuffer[]> => {
  const passing = new Map<number, Handle>()
  const handles = inputs.map((x, i): Handle => {
    if (x.op.tag === 'data') {
      const handle = uploaded(backend, x.op.values)
      passing.set(i, handle)
      return handle
    }
    if (x.op.tag !== 'device') throw new TypeError('a compiled function takes tensors with values: evaluate the expression first')
    const { name } = x.op.backend
    if (name !== backend.name)
      throw new TypeError(`this tensor lives on '${name}', but the program runs on '${backend.name}': read it there, and pass the data`)
    return handleOf(x)
  })
  const handed: (BufferOwner | undefined)[] = []
  for (const [output, i] of donated) {
    const { op } = inputs[i]!
    if (op.tag === 'data') passing.delete(i)
    if (op.tag !== 'device' || op.owner === undefined) continue
    handed[output] = op.owner
    op.owner.buffer.handle = undefined
    op.owner = undefined
  }
  const results = await executable.run(handles)
  for (const handle of passing.values()) backend.free(handle)
  return results.map((handle, i) => ownBuffer(backend, handle, handed[i]))
}

const release = (buffer: BufferOwner['buffer'] | undefined): void => {
  if (buffer?.handle === undefined) return
  buffer.backend.free(buffer.handle)
  buffer.handle = undefined
}
const finalizers = new FinalizationRegistry(release)
/** By a lease that was handed on, or a new one. */
const ownBuffer = (backend: Backend, handle: Handle, from?: BufferOwner): DeviceBuffer => {
  const owner = from ?? { buffer: { backend, handle } }
  if (from === undefined) finalizers.register(owner, owner.buffer)
  else from.buffer.handle = handle
  return { tag: 'device', backend, owner }
}

/**
 * Free the device arrays of a tree now, rather than when the tree is collected. Tensors of other backends, and those that are not on a
 * device, are left alone. Using a freed tensor is an error.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { dispose, evaluate, tensor } from 'halograd/core'
 * const backend = reference()
 * const weights = await evaluate(backend, { weight: tensor({ i: 2 }, [1, 2]) })
 * dispose(backend, weights)
 * console.log(backend.live()) // 0
 * ```
 */
export const dispose = (backend: Backend, tree: unknown): void => {
  for (const { op } of leaves(tree)) if (op.tag === 'device' && op.backend.name === backend.name) release(op.owner?.buffer)
}

const uploaded = (backend: Backend, values: Numbers | Source): Handle => {
  const numbers = fetched(values)
  return isHalf(numbers) && backend.uploadHalf !== undefined ? backend.uploadHalf(numbers) : backend.upload(plain(numbers))
}

/**
 * Put a tree of tensors on the device. Data is uploaded tensor by tensor, so that no more than one tensor of a file is in memory beside
 * the device; expressions are computed there, all by one program.
 * @throws TypeError where a device tensor was donated to an earlier step, or lives on another backend
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { evaluate, tensor } from 'halograd/core'
 * const parameters = await evaluate(reference(), { weight: tensor({ i: 2 }, [1, 2]), bias: tensor({}, [0]) })
 * ```
 */
export const evaluate = async <T>(backend: Backend, tree: T): Promise<T> => {
  const computed = leaves(tree).filter(({ op }) => op.tag !== 'data')
  const results = computed.length === 0 ? [] : await compile(backend, () => computed)()
  let next = 0
  return mapTree(tree, ({ op, shape }) =>
    op.tag === 'data' ? device(shape, ownBuffer(backend, uploaded(backend, op.values))) : results[next++]!,
  )
}

/** Put numbers on the device as narrow as they are, to be read only. A backend that cannot keep them so keeps the same numbers wide. */
export const keepNarrow = (backend: Backend, shape: Shape, numbers: Narrow): AnyTensor => {
  if (backend.uploadNarrow === undefined) return device(shape, ownBuffer(backend, backend.upload(narrowWidened(numbers))))
  return device(shape, { ...ownBuffer(backend, backend.uploadNarrow(numbers)), storage: numbers.format })
}
const narrowWidened = (numbers: Narrow): Float32Array => (numbers.format === 'i8' ? Float32Array.from(numbers.bits) : widened(numbers))

/**
 * The numbers of a tensor, in the order of its shape's keys, or of the axes named. Expressions are computed first.
 * @throws ShapeError for an axis that x does not have; TypeError where x was donated to an earlier step, or lives on another backend
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, tensor } from 'halograd/core'
 * const transposed = await read(reference(), tensor({ i: 2, j: 2 }, [1, 2, 3, 4]), 'j', 'i') // [1, 3, 2, 4]
 * ```
 */
export const read = async <A extends string>(
  backend: Backend,
  x: Tensor<A>,
  ...order: readonly A[]
): Promise<Float32Array | Float64Array> => {
  const y = order.length === 0 ? x : broadcastTo(x, Object.fromEntries(order.map((axis) => [axis, need('read', x, axis)])))
  if (y.op.tag === 'device') return y.op.backend.download(handleOf(y))
  const made = await evaluate(backend, y)
  const values = await backend.download(handleOf(made))
  dispose(backend, made)
  return values
}

const handleOf = (x: AnyTensor): Handle => {
  const handle = x.op.tag === 'device' ? x.op.owner?.buffer.handle : undefined
  if (handle === undefined)
    throw new TypeError(`the tensor ${show(x.shape)} was donated to an earlier step: use the state which that step returned`)
  return handle
}
const hasValues = (x: AnyTensor): boolean => x.op.tag === 'data' || x.op.tag === 'device'
