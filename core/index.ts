/**
 * halograd/core: the language. Read `scalar.ts` first, then `ops.ts`.
 *
 * @packageDocumentation
 */

// Programs: compiled, run, read
export { type Compiled, compile, compileStep, dispose, evaluate, read } from './evaluate.ts'
// Differentiation
export { grad, valueAndGrad, vjp } from './grad.ts'
// Operations: positions and movement
export { IndexError } from './indices.ts'
// What a backend is, and what it reads of a graph
export type { Source } from './numbers.ts'
// Operations: elementwise
// Operations: reductions and contractions
export {
  add,
  at,
  binary,
  broadcastTo,
  checkpoint,
  concatenate,
  cos,
  div,
  dot,
  equal,
  erf,
  exp,
  fill,
  flatten,
  gelu,
  iota,
  less,
  log,
  logSigmoid,
  logSoftmax,
  logSumExp,
  max,
  maximum,
  mean,
  minimum,
  mul,
  negate,
  type Operand,
  pad,
  relu,
  rename,
  reverse,
  scatterAdd,
  sigmoid,
  silu,
  sin,
  size,
  slice,
  softmax,
  softplus,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  take,
  tanh,
  ternary,
  unary,
  unflatten,
  where,
} from './ops.ts'
// Randomness: counter-based, the same bits everywhere
export { normal, random } from './random.ts'
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
// Tensors: expressions whose axes have names
export { axesOf, reachable, ShapeError, tensor, volume } from './tensor.ts'
// Trees of tensors: parameters, gradients, states
export { leaves, mapTree, paths, type Tree, zipTree } from './tree.ts'
export type { AnyTensor, AxesOf, Backend, Executable, Graph, Handle, Op, Report, Shape, Tensor } from './types.ts'
export { UnknownPrimitiveError } from './unknown-primitive.ts'
