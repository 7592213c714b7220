/** What most programs need of halograd, wherever they run. Everything else is in `halograd/core`, `/halos`, `/models` and `/backends/*`. */

export { reference } from './backends/reference/index.ts'
export { type Backend, compile, compileStep, grad, read, type Tensor, tensor, unary, valueAndGrad, vjp } from './core/index.ts'
export {
  type AnyLoss,
  always,
  catalogue,
  getOrThrow,
  halo,
  logRatio,
  negation,
  policy,
  rejected,
  toLatex,
  value,
  verify,
} from './halos/index.ts'
export { dpo } from './halos/losses/dpo.ts'
export { kto } from './halos/losses/kto.ts'
