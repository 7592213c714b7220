/** The policy-gradient family against published numbers: tokens are examples, and the averages differ. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { grad, type Tensor, tensor } from '../../core/index.ts'
import { whenShared } from '../shared.ts'
import { agree, type GoldenCase, goldenCases } from './golden.ts'
import { numbers } from './numbers.ts'
import { saturated, softened, tokenFunctions } from './token-functions.ts'

type Cell = 'example' | 'token'
/** Their names for what we call policy, old, reference, mask, advantages. */
const names: Readonly<Record<string, string>> = {
  ...{ per_token_logps: 'policy', new_logprobs: 'policy', logprobs_new: 'policy' },
  ...{ old_per_token_logps: 'old', old_logprobs: 'old' },
  ...{ ref_per_token_logps: 'reference', logprobs_ref: 'reference' },
  ...{ mask: 'mask', advantages: 'advantages' },
}
const inputsOf = ({ inputs }: GoldenCase): Readonly<Record<string, Tensor<Cell>>> =>
  Object.fromEntries(
    Object.entries(inputs).flatMap(([theirs, rows]) => {
      const name = names[theirs]
      if (name === undefined) return []
      const matrix = typeof rows[0] === 'object'
      const shape = { example: rows.length, ...(matrix && { token: (rows[0] as readonly number[]).length }) }
      return [[name, tensor<Cell>(shape as { example: number; token: number }, rows.flat() as readonly number[])]]
    }),
  )
/** Without the critic's part. */
const policyLoss = ({ outputs, hyper }: GoldenCase): unknown =>
  outputs.pg_loss ??
  (outputs.critic === undefined ? outputs.loss : Number(outputs.loss) - Number(hyper.critic_coef) * Number(outputs.critic))
const nested = (values: readonly number[], width: number) =>
  Array.from({ length: values.length / width }, (_, i) => values.slice(i * width, (i + 1) * width))

for (const [name, f] of Object.entries(tokenFunctions))
  test(`${name}: loss and gradient`, whenShared('golden/losses.json'), async () => {
    const tolerance = softened.has(name) ? 1e-7 : 1e-9
    for (const c of goldenCases('losses', name)) {
      if (softened.has(name) && saturated.has(c.id)) continue
      const inputs = inputsOf(c)
      const loss = (policy: Tensor<Cell>): Tensor => f({ ...inputs, policy }, c.hyper)
      const policy = inputs.policy!
      const flat = async (x: Tensor<Cell> | Tensor) => numbers(x as unknown as Tensor<'example'>)
      try {
        agree('loss', (await flat(loss(policy)))[0], policyLoss(c), tolerance)
        const theirs = Object.entries(c.grads).find(([input]) => names[input] === 'policy')![1]
        agree('gradient', nested(await flat(grad(loss)(policy)), policy.shape.token), theirs, tolerance)
      } catch (error) {
        assert.fail(`${c.id}: ${error instanceof Error ? error.message : ''}`)
      }
    }
  })
