/**
 * Halograd as a contestant: `halograd.ts DIRECTORY WISH` trains the problem there, one compiled step at a time. The state stays on the device.
 */
import { openBackend, type Wish } from '../../inputs/backends.ts'
import { observed } from '../observe.ts'
import { readProblem } from '../problem.ts'
import { profile } from '../profile.ts'
import { round } from '../statistics.ts'
import { trainingOn } from '../step.ts'
import { serve } from './serve.ts'

const [directory, wish] = process.argv.slice(2)
if (directory === undefined || wish === undefined) throw new TypeError('usage: halograd.ts DIRECTORY WISH')
const problem = await readProblem(directory)
const opened = await openBackend(JSON.parse(wish) as Wish, () => {}) // as peers.ts wrote it
const backend = observed(opened.backend)
const [started, before] = [performance.now(), backend.compileTime()]
const { step, report } = await trainingOn(backend, problem)
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
  step,
  { arrays: backend.live, profile: (repeats) => profile(executable!, repeats) },
)
await backend.close?.()
