/**
 * Halograd as a contestant: `halograd.ts DIRECTORY WISH` trains the problem there, one compiled step at a time. The state stays on the device.
 */
import { compileStep, dispose, evaluate, mean, mul, read, size, type Tensor, tensor, valueAndGrad, volume } from '../../../core/index.ts'
import { constantRate, type Parameters, plainAdamW, type TrainingState, transformer } from '../../../models/index.ts'
import { openBackend, type Wish } from '../../inputs/backends.ts'
import { hyper } from '../configurations.ts'
import { observed } from '../observe.ts'
import { type BenchBatch, readProblem } from '../problem.ts'
import { profile } from '../profile.ts'
import { round } from '../statistics.ts'
import { serve } from './serve.ts'

const [directory, wish] = process.argv.slice(2)
if (directory === undefined || wish === undefined) throw new TypeError('usage: halograd.ts DIRECTORY WISH')
const { configuration, parameters, batches } = await readProblem(directory)
const opened = await openBackend(JSON.parse(wish) as Wish, () => {}) // as peers.ts wrote it
const backend = observed(opened.backend)
const model = transformer(configuration.model)
const optimizer = plainAdamW({ ...hyper, rate: constantRate(hyper.rate) }) // as the others have it

/** Mean cross-entropy of the next token. */
const loss = (p: Parameters, { tokens, targets }: BenchBatch): Tensor => {
  const mask = tensor(tokens.shape, new Float32Array(volume(tokens.shape)).fill(1))
  return mul(mean(model.logProbabilities(p, { tokens, targets, mask }), 'batch'), -1 / size(tokens, 'seq'))
}
const step = compileStep(backend, (state: TrainingState<Parameters>, batch: BenchBatch) => {
  const [value, gradient] = valueAndGrad(loss)(state.parameters, batch)
  const [next] = optimizer.update(state, gradient)
  return [next, value] as const
})

let state = await evaluate(backend, optimizer.begin(parameters))
let position = 0
const [started, before] = [performance.now(), backend.compileTime()]
const report = await step.report(state, batches[0]!)
const executable = backend.compiled.at(-1)
const compiling = backend.compileTime() - before
const tracing = performance.now() - started - compiling

await serve(
  {
    name: backend.name,
    mode: report.mode,
    kernels: report.kernels,
    flops: report.flops,
    'planned memory': report.peakMemory,
    'trace ms': round(tracing),
    'compile ms': round(compiling),
  },
  async () => {
    const [next, value] = await step(state, batches[position++ % batches.length]!)
    state = next
    const [number] = await read(backend, value)
    dispose(backend, value)
    return number ?? Number.NaN
  },
  { arrays: backend.live, profile: (repeats) => profile(executable!, repeats) },
)
await backend.close?.()
