/** Compiling, stepping and reading: what a program keeps, what it gives back, and what it refuses. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { reference } from '../../backends/index.ts'
import {
  add,
  broadcastTo,
  compile,
  compileStep,
  dispose,
  dot,
  evaluate,
  fill,
  mean,
  mul,
  read,
  rename,
  type Shape,
  sub,
  sum,
  type Tensor,
  take,
  tensor,
  valueAndGrad,
  zipTree,
} from '../../core/index.ts'
import { collect } from '../garbage.ts'

const x = tensor({ batch: 2, feature: 3 }, [1, 2, 3, 4, 5, 6])
interface Weights {
  readonly w: Tensor<'feature'>
}
const loss = ({ w }: Weights, data: typeof x): Tensor => mean(dot(data, w, 'feature'), 'batch')
const descend = (state: Weights, data: typeof x): readonly [Weights, { readonly loss: Tensor }] => {
  const [value, gradient] = valueAndGrad(loss)(state, data)
  return [zipTree(state, [gradient], (p, g) => sub(p!, mul(g!, 0.5))), { loss: value }]
}
const start = (): Weights => ({ w: fill({ feature: 3 }, 1) })

test('a program is compiled once a shape, and its results stay on the device until they are read', async () => {
  const backend = reference()
  let traced = 0
  const f = compile(backend, (v: Tensor<'i'>) => {
    traced++
    return { twice: add(v, v), total: sum(v, 'i') }
  })
  const one = await f(tensor({ i: 2 }, [1, 2]))
  await f(tensor({ i: 2 }, [3, 4]))
  assert.equal(traced, 1)
  await f(tensor({ i: 3 }, [1, 2, 3]))
  assert.equal(traced, 2)
  assert.deepEqual([...(await read(backend, one.twice))], [2, 4])
  assert.deepEqual([...(await read(backend, one.total))], [3])
})

test('a step takes over the memory of its state: live arrays do not grow, and a spent state is refused', async () => {
  const backend = reference()
  const step = compileStep(backend, descend)
  let state = await evaluate(backend, start())
  const before = backend.live()
  for (let i = 0; i < 5; i++) {
    const spent = state
    const [next, metrics] = await step(state, x)
    dispose(backend, metrics)
    state = next
    assert.equal(backend.live(), before)
    await assert.rejects(step(spent, x), /was donated to an earlier step: use the state which that step returned/)
  }
  assert.deepEqual([...(await read(backend, state.w))], [1 - 2.5 * 2.5, 1 - 2.5 * 3.5, 1 - 2.5 * 4.5])
})

test('arrays are given back with the last tensor that holds them, however many steps they were handed on', async () => {
  const backend = reference()
  const step = compileStep(backend, descend)
  const collected = async (expected: number): Promise<void> => {
    await collect(() => backend.live() <= expected)
    assert.equal(backend.live(), expected)
  }
  const kept = await evaluate(backend, start())
  await (async () => {
    let state = await evaluate(backend, start())
    for (let i = 0; i < 3; i++) [state] = await step(state, x)
    await collected(2)
    assert.deepEqual([...(await read(backend, state.w))], [1 - 1.5 * 2.5, 1 - 1.5 * 3.5, 1 - 1.5 * 4.5])
  })()
  await collected(1)
  assert.deepEqual([...(await read(backend, kept.w))], [1, 1, 1])
})

test('a program is traced anew for other shapes, another order of axes, other keys, and other lists', async () => {
  const backend = reference()
  let traced = 0
  const f = compile(backend, (tree: Readonly<Record<string, Tensor<'i' | 'j'>>> | readonly Tensor<'i' | 'j'>[]) => {
    traced++
    return Object.values(tree)
  })
  const y = (shape: Shape<'i' | 'j'>): Tensor<'i' | 'j'> => tensor(shape, new Float64Array(shape.i * shape.j))
  const trees = [{ a: y({ i: 1, j: 2 }) }, { b: y({ i: 1, j: 2 }) }, { a: y({ i: 2, j: 1 }) }, { a: y({ j: 2, i: 1 }) }]
  const [first] = trees
  const one = y({ i: 1, j: 1 })
  for (const tree of [...trees, {}, { ...first, c: one }, { c: one, ...first }, { 0: one }, [one], [one, one], []]) await f(tree)
  assert.equal(traced, 11)
  for (const tree of [...trees, [y({ i: 1, j: 1 })]]) await f(Array.isArray(tree) ? [...tree] : { ...tree })
  assert.equal(traced, 11)
})

test('a state given as data is left as it was', async () => {
  const backend = reference()
  const given = { w: tensor({ feature: 3 }, [1, 1, 1]) }
  const step = compileStep(backend, descend)
  await step(given, x)
  const [again] = await step(given, x)
  assert.deepEqual([...(await read(backend, again.w))], [-0.25, -0.75, -1.25])
})

test('read: in the order of the shape, or of the axes named', async () => {
  const backend = reference()
  assert.deepEqual([...(await read(backend, x))], [1, 2, 3, 4, 5, 6])
  assert.deepEqual([...(await read(backend, x, 'feature', 'batch'))], [1, 4, 2, 5, 3, 6])
  const resident = await evaluate(backend, x)
  assert.deepEqual([...(await read(backend, resident, 'feature', 'batch'))], [1, 4, 2, 5, 3, 6])
  const flipped: Shape<'feature' | 'batch'> = { feature: 3, batch: 2 }
  assert.deepEqual([...(await read(backend, broadcastTo(x, flipped)))], [1, 4, 2, 5, 3, 6])
})

test('0 · x keeps the axes that its type promises', async () => {
  const backend = reference()
  assert.deepEqual([...(await read(backend, mul(0, x), 'batch', 'feature'))], [0, 0, 0, 0, 0, 0])
})

test('what a program refuses, it refuses by name', async () => {
  const backend = reference()
  assert.throws(() => add(x, tensor({ feature: 2 }, [1, 2])), {
    name: 'ShapeError',
    message:
      "add: axis 'feature' has size 3 on one side and 2 on the other\n  argument 1: { batch: 2, feature: 3 }\n  argument 2: { feature: 2 }",
  })
  assert.throws(() => tensor({ i: 2 }, [1]), { message: 'tensor: { i: 2 } holds 2 numbers, but 1 were given' })
  assert.throws(() => rename(x, 'batch', 'feature'), {
    message: "rename: 'batch' cannot be called 'feature', which { batch: 2, feature: 3 } already has",
  })
  assert.throws(() => broadcastTo(x, { batch: 2 }), { message: 'broadcastTo: { batch: 2, feature: 3 } does not fit into { batch: 2 }' })
  // names that the type checker would have refused
  assert.throws(() => sum(x as unknown as Tensor<'embd'>, 'embd'), { message: "sum: there is no axis 'embd' in { batch: 2, feature: 3 }" })
  assert.throws(() => take(x as unknown as Tensor<'row'>, 'row', tensor({ k: 1 }, [0])), {
    message: "take: there is no axis 'row' in { batch: 2, feature: 3 }",
  })
  assert.throws(() => valueAndGrad((p: Weights) => p.w as unknown as Tensor)(start()), {
    message: 'grad: a loss is a scalar, but this one has axes { feature: 3 }; reduce them, e.g. with mean',
  })
  const other = { ...reference(), name: 'another' }
  await assert.rejects(
    compile(backend, (v: typeof x) => add(v, v))(await evaluate(other, x)),
    /lives on 'another', but the program runs on 'reference'/,
  )
  const forgetful = compileStep(backend, (s: Weights): readonly [Weights, object] => [{ w: tensor({ feature: 2 }, [0, 0]) }, s])
  await assert.rejects(forgetful(start()), { message: "step: 'w' is { feature: 3 } before and { feature: 2 } after" })
})
