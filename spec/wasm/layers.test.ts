/** Layers of one structure share their kernels: a deeper model has more calls, but no more functions. Counted, not timed. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { plan } from '../../backends/plan/index.ts'
import { print } from '../../backends/wasm/print.ts'
import { type Sizes, trainingStep } from '../plan/training-step.ts'

const counts = async (sizes: Partial<Sizes>) => {
  const program = plan(await trainingStep({ layers: 3, heads: 2, embed: 32, context: 16, vocab: 32, batch: 2, ...sizes }))
  const { steps } = print(program, { pages: 64, shared: true }, 2, false)
  return { calls: steps.length, functions: new Set(steps.map(({ task }) => task)).size }
}

test('a training step of nine layers has the functions of one of three, and calls that grow by layer', async () => {
  const [three, six, nine] = [await counts({ layers: 3 }), await counts({ layers: 6 }), await counts({ layers: 9 })]
  assert.equal(six.functions, three.functions)
  assert.equal(nine.functions, three.functions)
  assert.equal(nine.calls - six.calls, six.calls - three.calls)
  assert.ok(six.calls > three.calls)
})

test('control: layers of which one is like no other have functions of their own', async () => {
  const [one, three] = [await counts({ layers: 1 }), await counts({ layers: 3 })]
  assert.ok(three.functions > one.functions, 'a single layer is first and last; of three, one is in between')
})
