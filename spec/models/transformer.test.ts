/** Both families compute what a decoder-only transformer is: causal, row by row, differentiable; and log-probabilities are those of a distribution. */
import { notDeepEqual, ok } from 'node:assert/strict'
import test from 'node:test'
import { leaves, logSoftmax, mapTree, paths, sum, type Tensor, tensor, valueAndGrad } from '../../core/index.ts'
import { initialize, type Parameters, transformer } from '../../models/index.ts'
import { close, flat, numbers, tiny, tokens } from './tiny.ts'

const vocab = 11
const row = [1, 5, 3, 9, 2, 7]

for (const { name, config, parameters } of tiny) {
  const model = transformer(config)
  const logitsOf = (...rows: readonly (readonly number[])[]) => numbers(model.logits(parameters, tokens(rows)))

  test(`${name}: a later token never changes an earlier logit, and each token changes its own`, async () => {
    const before = await logitsOf(row)
    for (let t = 0; t < row.length; t++) {
      const after = await logitsOf(row.with(t, 10))
      close(after.slice(0, t * vocab), before.slice(0, t * vocab), 0)
      for (let u = t; u < row.length; u++)
        notDeepEqual(after.slice(u * vocab, (u + 1) * vocab), before.slice(u * vocab, (u + 1) * vocab), `token ${t} is seen at ${u}`)
    }
  })

  test(`${name}: rows of a batch do not see each other`, async () => {
    const other = [4, 4, 8, 0, 6, 1]
    const together = await logitsOf(row, other)
    close(together.slice(0, row.length * vocab), await logitsOf(row), 1e-14)
    close(together.slice(row.length * vocab), await logitsOf(other), 1e-14)
  })

  test(`${name}: padding to the right changes no log-probability`, async () => {
    const score = (seq: number) =>
      numbers(
        model.logProbabilities(parameters, {
          tokens: tokens([[...row, ...Array.from({ length: seq - row.length }, () => 0)]]),
          targets: tokens([[...row.slice(1), ...Array.from({ length: seq - row.length + 1 }, () => 0)]]),
          mask: tokens([Array.from({ length: seq }, (_, t) => (t >= 2 && t < row.length - 1 ? 1 : 0))]),
        }),
      )
    close(await score(12), await score(row.length), 1e-13)
  })

  test(`${name}: log-probabilities are sums over the completion of log softmax`, async () => {
    const scores = await numbers(logSoftmax(model.logits(parameters, tokens([row])), 'vocab'))
    const expected = [2, 3, 4].reduce((total, t) => total + scores[t * vocab + row[t + 1]!]!, 0)
    const sequences = { tokens: tokens([row]), targets: tokens([[...row.slice(1), 0]]), mask: tokens([[0, 0, 1, 1, 1, 0]]) }
    close(await numbers(model.logProbabilities(parameters, sequences)), [expected], 1e-13)
  })

  test(`${name}: the gradient of every parameter is that of finite differences`, async () => {
    const sequences = {
      tokens: tokens([row, row.toReversed()]),
      targets: tokens([[...row.slice(1), 4], row]),
      mask: tokens([row, row].map((r) => r.map(() => 1))),
    }
    const loss = (p: Parameters): Tensor => sum(model.logProbabilities(p, sequences), 'batch')
    const [, gradient] = valueAndGrad(loss)(parameters)
    const names = paths(parameters)
    for (const [k, leaf] of leaves(parameters).entries()) {
      const values = await numbers(leaf)
      const slopes = await numbers(leaves(gradient)[k]!)
      // The largest slope of each parameter, and one more: a wrong rule shows anywhere.
      const steepest = slopes.reduce((best, x, i) => (Math.abs(x) > Math.abs(slopes[best]!) ? i : best), 0)
      for (const i of new Set([steepest, values.length >> 1])) {
        const moved = (by: number) => {
          const value = tensor(leaf.shape, values.with(i, values[i]! + by))
          return flat(loss(mapTree(parameters, (x, at) => (at === k ? value : x))))
        }
        const h = 1e-5
        const [[up], [down]] = [await moved(h), await moved(-h)]
        close([slopes[i]!], [(up! - down!) / (2 * h)], 1e-7, `${names[k]}[${i}]`)
      }
    }
  })
}

test('parameters begin as GPT-2 draws them: residual projections smaller, gains 1, biases 0; and a seed decides them all', async () => {
  const config = { ...tiny[1]!.config, embed: 64, headSize: 16, hidden: 256 }
  const parameters = initialize(config, 3)
  const deviation = (values: readonly number[]) => Math.sqrt(values.reduce((n, x) => n + x * x, 0) / values.length)
  const names = paths(parameters)
  for (const [k, leaf] of leaves(parameters).entries()) {
    const [name, values] = [names[k]!, await numbers(leaf)]
    if (/gain|bias/.test(name)) ok(values.every((x) => x === (name.endsWith('gain') ? 1 : 0)))
    else if (values.length > 1000) close([deviation(values)], [/out|down/.test(name) ? 0.02 / Math.sqrt(4) : 0.02], 0.001, name)
  }
  close(await flat(initialize(config, 3)), await flat(parameters), 0)
  notDeepEqual(await flat(initialize(config, 4)), await flat(parameters))
})
