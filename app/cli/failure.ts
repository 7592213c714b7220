/**
 * What a command says when it fails. Expected errors know what was asked, what was found and what to do: that is all that is printed.
 * Anything else is a defect of halograd, and says so.
 */
import { CommanderError } from 'commander'
import { withNamesAsGiven } from '../inputs/modules.ts'
import {
  AccessError,
  BusyError,
  ConformError,
  Interrupted,
  JudgeError,
  RefutedError,
  UnavailableError,
  UsageError,
} from '../terminal/errors.ts'
import { failed, interrupted, misused, ok } from '../terminal/terminal.ts'

export interface Failure {
  readonly exitCode: number
  /** Empty where everything has been said. */
  readonly message: string
}

export const failureOf = async (error: unknown, stop: AbortSignal, verbose: boolean): Promise<Failure> => {
  if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? ok : misused, message: '' }
  if (error instanceof Interrupted) return { exitCode: interrupted(stop), message: error.message }
  const stack = verbose && error instanceof Error && error.stack !== undefined ? withNamesAsGiven(`\n\n${error.stack}`) : ''
  const message = withNamesAsGiven(error instanceof Error ? error.message : String(error))
  if (error instanceof UsageError) return { exitCode: misused, message: `error: ${message}${stack}` }
  if (await isExpected(error)) return { exitCode: failed, message: `error: ${message}${stack}` }
  const name = error instanceof Error ? error.name : 'Error'
  const advice = verbose ? '' : '\nThis was not expected: please run it again with --verbose, and report what it prints.'
  return { exitCode: failed, message: `error: ${name}: ${message}${stack}${advice}` }
}

/** Loaded only when something has failed: these folders are the whole of halograd. */
const isExpected = async (error: unknown): Promise<boolean> => {
  const [{ ShapeError, UnknownPrimitiveError }, { DeclarationError, EvidenceError, TorchError }, { InputError, TrainingError }] =
    await Promise.all([import('../../core/index.ts'), import('../../halos/index.ts'), import('../../models/index.ts')])
  return [
    AccessError,
    BusyError,
    UnavailableError,
    RefutedError,
    JudgeError,
    ConformError,
    InputError,
    TrainingError,
    DeclarationError,
    EvidenceError,
    TorchError,
    ShapeError,
    UnknownPrimitiveError,
  ].some((kind) => error instanceof kind)
}
