/**
 * halograd/core: the language. Read `scalar.ts` first, then `ops.ts`.
 *
 * @packageDocumentation
 */

// Tensors: expressions whose axes have names
export { axesOf, reachable, ShapeError, tensor, volume } from './tensor.ts'
export type { AnyTensor, AxesOf, Op, Shape, Tensor } from './types.ts'

// The scalar language: one text, many interpretations
export {
  type Binary,
  type Dual,
  derivative,
  dual,
  interpretation,
  numbers,
  type Primitive,
  primitives,
  type Scalar,
  type Ternary,
  type Unary,
} from './scalar.ts'
export { UnknownPrimitiveError } from './unknown-primitive.ts'

// Operations: elementwise
export {
  add,
  binary,
  cos,
  div,
  equal,
  erf,
  exp,
  gelu,
  less,
  log,
  logSigmoid,
  maximum,
  minimum,
  mul,
  negate,
  type Operand,
  relu,
  sigmoid,
  silu,
  sin,
  softplus,
  sqrt,
  square,
  sub,
  tanh,
  ternary,
  unary,
  where,
} from './ops.ts'

// Operations: reductions and contractions
export { dot, logSoftmax, logSumExp, max, mean, softmax, sum } from './ops.ts'

// Operations: positions and movement
export { IndexError } from './indices.ts'
export {
  at,
  broadcastTo,
  concatenate,
  fill,
  flatten,
  iota,
  pad,
  rename,
  reverse,
  scatterAdd,
  size,
  slice,
  take,
  unflatten,
} from './ops.ts'

// Differentiation
export { grad, valueAndGrad, vjp } from './grad.ts'
export { checkpoint, stopGradient } from './ops.ts'

// Programs: compiled, run, read
export { type Compiled, compile, compileStep, dispose, evaluate, read } from './evaluate.ts'

// Randomness: counter-based, the same bits everywhere
export { normal, random } from './random.ts'

// Trees of tensors: parameters, gradients, states
export { leaves, mapTree, paths, type Tree, zipTree } from './tree.ts'

// What a backend is, and what it reads of a graph
export type { Source } from './numbers.ts'
export type { Backend, Executable, Graph, Handle, Report } from './types.ts'
