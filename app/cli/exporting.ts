/** A model written for other programs. */
import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import type { Backend } from '../../core/index.ts'
import { ggufFile, toWeights, writeAtomically, writeDirectoryAtomically } from '../../models/index.ts'
import { openBackend } from '../inputs/backends.ts'
import { type Checkpoint, loadCheckpoint, modelDirectory, withAdapters } from '../inputs/checkpoint.ts'
import { exclusively } from '../inputs/lock.ts'
import { UsageError } from '../terminal/errors.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { ExportOptions } from './commands/export.ts'

const types = { f32: 'F32', f16: 'F16', bf16: 'BF16', q8_0: 'Q8_0' } as const

/** @throws UsageError, FileError, ConfigError, CheckpointError, TokenizerError */
export const exportModel = async (terminal: Terminal, options: ExportOptions): Promise<void> => {
  const { format, out, json } = options
  await checkOptions(options)
  const checkpoint = await loadCheckpoint(options.model, terminal.say)
  const { backend } = await openBackend(options, terminal.say)
  try {
    await write(backend, options, options.adapters === undefined ? checkpoint : await withAdapters(checkpoint, options.adapters))
  } finally {
    await backend.close?.()
  }
  if (json) terminal.print(`${JSON.stringify({ out, format, dtype: dtypeOf(options), family: checkpoint.model.config.family })}\n`)
  terminal.say(`Saved to ${out}`)
}

const dtypeOf = ({ format, dtype }: ExportOptions) => dtype ?? (format === 'gguf' ? 'f16' : 'f32')

const write = async (backend: Backend, options: ExportOptions, checkpoint: Checkpoint): Promise<void> => {
  const dtype = types[dtypeOf(options)]
  const {
    parameters,
    tokenizer,
    model: { config },
  } = checkpoint
  if (options.format === 'gguf') {
    const name = basename(resolve(options.model))
    return writeAtomically(options.out, ggufFile(config, await toWeights(backend, config, parameters), tokenizer, { dtype, name }))
  }
  if (dtype === 'Q8_0') return
  const files = await modelDirectory(backend, { ...checkpoint, config }, { dtype })
  await exclusively(options.out, () => writeDirectoryAtomically(options.out, files))
}

const checkOptions = async ({ format, dtype, model, out }: ExportOptions): Promise<void> => {
  if (dtype === 'q8_0' && format === 'hf') throw new UsageError('--dtype q8_0: only GGUF files have it; add --format gguf')
  if (resolve(out) === resolve(model)) throw new UsageError('--out is --model: choose another path, or the model you export is lost')
  const there = await stat(out).catch(() => undefined)
  if (there?.isDirectory() === (format === 'gguf'))
    throw new UsageError(
      `--out: ${out} is a ${format === 'gguf' ? 'directory; give the path of a file' : 'file; give the path of a directory'}`,
    )
}
