/** The needs of a run as a table: of the run that was asked for, and of smaller ones. */
import { availableParallelism, totalmem } from 'node:os'
import { compile, dot, leaves, rename, type Tensor, tensor, volume } from '../../core/index.ts'
import { open } from '../inputs/backends.ts'
import { type Checkpoint, loadCheckpoint } from '../inputs/checkpoint.ts'
import type { TrainingCommandOptions } from '../inputs/training-options.ts'
import { UsageError } from '../terminal/errors.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { type RunData, readData } from './data.ts'
import { type Estimate, estimate, smaller } from './estimate.ts'
import type { Task } from './task.ts'

/**
 * What WebAssembly can address with 32 bits. memory64 (Node 24, Chrome 133) would lift that, but every address in our kernels, in the worker protocol and
 * in the BLAS bindings is 32 bits wide: it takes a second set of them, and slower ones (engines check bounds of 64-bit addresses in code).
 */
const addressable = 2 ** 32

interface RunNeeds extends Estimate {
  /** Seconds a step takes here, by the speed of a product that was measured now. */
  readonly seconds: number
  /** The memory of the process: arrays, Node with all it has compiled, and what is trained as it is saved, as numbers and as a file. */
  readonly resident: number
  readonly limit: number
  readonly fits: boolean
  readonly options: readonly { readonly option: string; readonly peak: number; readonly fits: boolean }[]
}

/** @throws as `align` does for its files */
export const needs = async (terminal: Terminal, task: Task): Promise<RunNeeds> => {
  const { loss, options } = task
  const checkpoint = await loadCheckpoint(options.model, terminal.say)
  const data = await readData(terminal, loss.needs, checkpoint, options)
  const found = await estimate(task, checkpoint, data)
  const limit = Math.min(addressable, totalmem())
  const seconds = found.flops / (await speed(options))
  const alternatives = await others(task, checkpoint, data, limit)
  const resident = found.peak + node(checkpoint.model.config.layers) + 2 * 4 * found.trained
  return { ...found, seconds, resident, limit, fits: found.peak <= limit, options: alternatives }
}

const others = async (task: Task, checkpoint: Checkpoint, data: RunData, limit: number): Promise<RunNeeds['options']> => {
  const found: { option: string; peak: number; fits: boolean }[] = []
  for (const [option, change] of smaller(task.options)) {
    const { peak } = await estimate({ ...task, options: { ...task.options, ...change } }, checkpoint, data)
    found.push({ option, peak, fits: peak <= limit })
  }
  return found
}

/** Bytes of a Node process that has planned and compiled a training step of so many layers, as measured at 6 and 30. */
const node = (layers: number): number => 155e6 + 3.8e6 * layers

/** Multiplications and additions a second of a matrix product. */
const speed = async (options: TrainingCommandOptions): Promise<number> => {
  const backend = await open(options)
  try {
    const matrix = { m: 512, k: 512 }
    const product = compile(backend, (x: Tensor<'m' | 'k'>) => dot(x, rename(x, 'm', 'n'), 'k'))
    const x = tensor(matrix, new Float32Array(volume(matrix)).fill(0.5))
    let best = Number.POSITIVE_INFINITY
    for (let i = 0; i < 8; i++) {
      const start = performance.now()
      await product(x)
      best = Math.min(best, performance.now() - start)
    }
    return (2 * 512 ** 3) / (best / 1000)
  } finally {
    await backend.close?.()
  }
}

const mega = (bytes: number): string => `${(bytes / 1e6).toLocaleString('en', { maximumFractionDigits: 0 })} MB`
const count = (n: number): string => n.toLocaleString('en')

export const needsLines = (needs: RunNeeds): readonly string[] => [
  `parameters       ${count(needs.parameters)}, of which ${count(needs.trained)} are trained`,
  `weights beside   ${mega(needs.frozen)}`,
  `state            ${mega(needs.state)}   (parameters, optimizer, reference model, batch)`,
  `activations      ${mega(needs.activations)}`,
  `peak             ${mega(needs.peak)}, ${needs.fits ? 'which fits' : `which is more than the ${mega(needs.limit)} there are`}; with Node about ${mega(needs.resident)}`,
  `work             ${(needs.flops / 1e9).toLocaleString('en', { maximumFractionDigits: 1 })} GFLOP a step of ${count(needs.tokens)} tokens`,
  `time             about ${needs.seconds.toPrecision(2)} s a step on ${availableParallelism()} cores, by the products alone`,
  ...needs.options.map(({ option, peak, fits }) => `  with ${option.padEnd(28)} ${mega(peak)}${fits ? '' : ', too much still'}`),
]

/** Weights, their means and activations of so many bytes, roughly, may be too many: then they are counted. */
const suspicious = 2 ** 30

/** @throws UsageError before anything is loaded, where a run would not fit into memory, with the options by which it would */
export const checkFits = async (task: Task, checkpoint: Checkpoint, data: RunData): Promise<void> => {
  if (roughly(task.options, checkpoint, data) < suspicious || !['auto', 'wasm'].includes(task.options.backend)) return
  const found = await estimate(task, checkpoint, data)
  if (found.peak <= addressable) return
  throw new UsageError(tooLarge(found, await others(task, checkpoint, data, addressable)))
}

/** Bytes of weights, and of what a layer keeps of each token; no more than a guess, from sizes alone. */
const roughly = ({ lora, batch, accumulate }: TrainingCommandOptions, { model, parameters }: Checkpoint, { training }: RunData): number => {
  const { layers, embed, hidden } = model.config
  const weights = leaves(parameters).reduce((n, { shape }) => n + volume(shape), 0)
  const texts = training.flatMap((example) => ('chosen' in example ? [example.chosen, example.rejected] : [example.outcome]))
  const longest = texts.reduce((most, { prompt, completion }) => Math.max(most, prompt.length + completion.length), 0)
  return 4 * (weights * (lora === undefined ? 5 : 1) + Math.ceil(batch / accumulate) * longest * layers * (8 * embed + 4 * hidden))
}

/** What is said to a run that would not fit. */
const tooLarge = ({ peak }: Estimate, options: RunNeeds['options']): string => {
  const fitting = options.filter(({ fits }) => fits).map(({ option, peak: less }) => `  ${option}: ${mega(less)}`)
  return [
    `This run needs ${mega(peak)}, and WebAssembly has ${mega(addressable)} here at most.`,
    fitting.length === 0
      ? 'No option makes it fit: take a smaller model, --batch or --max-length.'
      : `It would fit with\n${fitting.join('\n')}`,
  ].join(' ')
}
