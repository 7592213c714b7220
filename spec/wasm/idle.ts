/** Runs a program on two threads, and just ends: nothing must hold the process. */
import { wasm } from '../../backends/wasm/index.ts'
import { compile, dot, rename, tensor } from '../../core/index.ts'

const backend = await wasm({ threads: 2 })
const matrix = () => tensor({ a: 300, b: 300 }, new Float32Array(90000).fill(1))
const square = compile(backend, (x: ReturnType<typeof matrix>) => dot(x, rename(x, 'a', 'c'), 'b'))
const { mode } = await square.report(matrix())
await square(matrix())
console.log(mode)
