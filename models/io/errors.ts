/**
 * What can be wrong with what the user gives us: one finding a fault, one class a kind of input.
 * A finding says where it is, what was expected there, what was found instead, and what to do about it.
 */

/** One thing that is wrong with an input: where, what was expected, what was found, and what to do. */
export interface InputFinding {
  /** File or directory, as the user named it. */
  readonly file?: string
  /** Line in the file, from 1. */
  readonly line?: number
  /** A field of a line or of a JSON document, e.g. `label` or `messages[2].role`. */
  readonly field?: string
  readonly tensor?: string
  readonly expected: string
  readonly found: string
  /** What to do, as an imperative sentence. */
  readonly advice: string
}

const place = ({ file, line, field, tensor }: InputFinding): string =>
  [
    file === undefined ? undefined : line === undefined ? file : `${file}:${line}`,
    field === undefined ? undefined : `field ${field}`,
    tensor === undefined ? undefined : `tensor ${tensor}`,
  ]
    .filter((part) => part !== undefined)
    .join(', ')

const sentence = (finding: InputFinding): string => {
  const where = place(finding)
  return `${where === '' ? '' : `${where}: `}expected ${finding.expected}, found ${finding.found}. ${finding.advice}`
}

/** Findings beyond these are counted, not printed. */
const printed = 20

/**
 * An input that cannot be used, with everything that is wrong with it. The message prints the first 20 findings.
 * @example
 * ```ts
 * import { InputError } from 'halograd/models'
 * const error = new InputError({ file: 'data.jsonl', line: 3, expected: 'a prompt', found: 'none', advice: 'Add one.' })
 * ```
 */
export class InputError extends Error {
  override readonly name: string = 'InputError'
  readonly findings: readonly InputFinding[]

  constructor(...findings: readonly [InputFinding, ...(readonly InputFinding[])]) {
    const more = findings.length - printed
    super(findings.slice(0, printed).map(sentence).join('\n') + (more > 0 ? `\n… and ${more} more.` : ''))
    this.findings = findings
  }
}

/**
 * A file or directory that cannot be read or written.
 * @example
 * ```ts
 * import { FileError } from 'halograd/models'
 * export const files = (error: unknown) => (error instanceof FileError ? error.findings.map(({ file }) => file) : [])
 * ```
 */
export class FileError extends InputError {
  override readonly name = 'FileError'
}

/**
 * Stored tensors that are truncated, misshapen, unknown or missing.
 * @example
 * ```ts
 * import { CheckpointError } from 'halograd/models'
 * export const tensors = (error: unknown) => (error instanceof CheckpointError ? error.findings.map(({ tensor }) => tensor) : [])
 * ```
 */
export class CheckpointError extends InputError {
  override readonly name = 'CheckpointError'
}

/**
 * A model configuration that is malformed or describes a model that halograd does not have.
 * @example
 * ```ts
 * import { ConfigError } from 'halograd/models'
 * export const fields = (error: unknown) => (error instanceof ConfigError ? error.findings.map(({ field }) => field) : [])
 * ```
 */
export class ConfigError extends InputError {
  override readonly name = 'ConfigError'
}

/**
 * A tokenizer that is missing or malformed, or a text that it cannot encode.
 * @example
 * ```ts
 * import { TokenizerError } from 'halograd/models'
 * export const isMissing = (error: unknown) => error instanceof TokenizerError && error.findings.some(({ found }) => found === 'no such file')
 * ```
 */
export class TokenizerError extends InputError {
  override readonly name = 'TokenizerError'
}

/**
 * Training data that is malformed.
 * @example
 * ```ts
 * import { DataError } from 'halograd/models'
 * export const lines = (error: unknown) => (error instanceof DataError ? error.findings.map(({ line }) => line) : [])
 * ```
 */
export class DataError extends InputError {
  override readonly name = 'DataError'
}

/**
 * Examples that do not make a batch.
 * @example
 * ```ts
 * import { BatchError } from 'halograd/models'
 * export const advice = (error: unknown) => (error instanceof BatchError ? error.findings.map(({ advice }) => advice) : [])
 * ```
 */
export class BatchError extends InputError {
  override readonly name = 'BatchError'
}

/** A non-empty list of findings as the error that carries them; nothing when there are none. */
export const throwAll = (
  Kind: new (...findings: [InputFinding, ...InputFinding[]]) => InputError,
  findings: readonly InputFinding[],
): void => {
  const [first, ...rest] = findings.slice(0, mostFindings)
  if (first !== undefined) throw new Kind(first, ...rest)
}

/** So many flaws of one input are enough to see what is wrong: whoever looks for more may stop. */
export const mostFindings = 10_000

/** A value as an error message shows it: short, and telling its type. */
export const show = (value: unknown): string => {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(typeof value === 'string' ? value.slice(0, shown) : value) ?? String(value)
  return text.length > shown ? `${text.slice(0, shown - 3)}…` : text
}
const shown = 60
