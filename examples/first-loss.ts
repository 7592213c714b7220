/** KTO on two completions: its value, and which way its gradient points. */
import { reference } from 'halograd/backends/reference'
import { grad, read, tensor } from 'halograd/core'
import { getOrThrow, kto } from 'halograd/halos'

const { evaluate } = getOrThrow(kto({ beta: 0.1 }))
const per = (...xs: number[]) => tensor({ example: xs.length }, xs)

/** Log-probabilities of two completions, under the policy and under the reference model. */
const completion = (policy = per(-12, -9)) => ({ policy, reference: per(-12, -10), length: per(5, 4) })
const loss = (policy = per(-12, -9)) => evaluate({ outcome: completion(policy), unrelated: completion(), label: per(1, -1) }).loss

const backend = reference()
console.log('loss', await read(backend, loss()))
console.log('gradient', await read(backend, grad((policy: ReturnType<typeof per>) => loss(policy))(per(-12, -9))))
