/** A new elementwise function is a line: its derivatives, and its kernels on every backend, come along. */
import { wasm } from 'halograd/backends/wasm'
import { derivative, grad, numbers, read, sum, type Tensor, tensor, type Unary, unary } from 'halograd/core'

/** x · tanh(softplus(x)): Misra (2019), arXiv:1908.08681. */
const body: Unary = (S) => (x) => S.mul(x, S.tanh(S.softplus(x)))
const mish = unary(body)

const backend = await wasm({ threads: 1 })
const x = tensor({ i: 4 }, [-2, -0.5, 0.5, 2])
console.log('mish, float32 ', ...(await read(backend, mish(x))))
console.log('mish, float64 ', ...[-2, -0.5, 0.5, 2].map(body(numbers)))
console.log('slope, reverse', ...(await read(backend, grad((v: Tensor<'i'>) => sum(mish(v), 'i'))(x))))
console.log('slope, forward', ...[-2, -0.5, 0.5, 2].map(derivative(body)(numbers)))
await backend.close?.()
