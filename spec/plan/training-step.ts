/** One step of training a GPT by AdamW, as a graph: parameters and moments are donated. */
import {
  type AnyTensor,
  add,
  compileStep,
  div,
  type Graph,
  logSumExp,
  mean,
  mul,
  sqrt,
  square,
  sub,
  type Tensor,
  take,
  tensor,
  valueAndGrad,
  volume,
  zipTree,
} from '../../core/index.ts'
import { initialize, type Parameters, transformer } from '../../models/index.ts'

export interface Sizes {
  readonly layers: number
  readonly heads: number
  readonly embed: number
  readonly context: number
  readonly vocab: number
  readonly batch: number
}

export const trainingStep = async ({ layers, heads, embed, context, vocab, batch }: Sizes): Promise<Graph> => {
  const model = transformer({
    ...{ layers, heads, embed, context, vocab },
    ...{ family: 'gpt2', keyValueHeads: heads, headSize: embed / heads, hidden: 4 * embed, activation: 'gelu' },
    ...{ normEpsilon: 1e-5, ropeTheta: 1e4, rotation: 'half', tied: true },
  })
  const parameters = initialize({ ...model.config }, 1)
  const step = (state: readonly [Parameters, Parameters, Parameters], tokens: Tensor<'batch' | 'seq'>) => {
    const [before, first, second] = state
    const [loss, gradient] = valueAndGrad((p: Parameters): Tensor => {
      const logits = model.logits(p, tokens)
      return mean(sub(logSumExp(logits, 'vocab'), take(logits, 'vocab', tokens)), 'batch', 'seq')
    })(before)
    const m = zipTree(first, [gradient], (x, g) => add(mul(x!, 0.9), mul(g!, 0.1)))
    const v = zipTree(second, [gradient], (x, g) => add(mul(x!, 0.95), mul(square(g!), 0.05)))
    const after = zipTree(before, [m, v], (x, a, b): AnyTensor => sub(x!, mul(div(a!, add(sqrt(b!), 1e-8)), 1e-3)))
    return [[after, m, v], loss] as const
  }
  const traced: Graph[] = []
  const compiled = compileStep(
    {
      name: 'tracer',
      compile: (graph) => {
        traced.push(graph)
        return Promise.resolve({ run: () => Promise.resolve([]), report })
      },
      upload: ({ length }) => ({ size: length }),
      download: () => Promise.resolve(new Float32Array()),
      free: () => {},
      live: () => 0,
    },
    step,
  )
  const shape = { batch, seq: context }
  await compiled.report([parameters, parameters, parameters], tensor(shape, new Float32Array(volume(shape))))
  return traced[0]!
}
const report = { backend: 'tracer', mode: 'none', kernels: 0, flops: 0, traffic: 0, peakMemory: 0 }
