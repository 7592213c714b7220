/**
 * Options from a file: a YAML or JSON document whose keys are the flags without their dashes. It stands for those flags, written before the ones
 * that were typed, which therefore win:
 *
 *     align --config run.yaml --lr 1e-4   =   align --halo kto --data thumbs.jsonl … --lr 1e-4
 */
import { type Command, InvalidArgumentError, type Option } from 'commander'
import { either as E, readonlyArray as RA } from 'fp-ts'
import type { InputFinding } from '../../models/index.ts'
import { nearest, optionNamed } from './aliases.ts'
import { commandIn, fromFile, nameOf, ofThisCall, pathOf } from './settings.ts'

/** The arguments with the file of `--config`, if there is one, as flags. @throws FileError; InputError with every flaw of the file */
export const withConfiguration = async (program: Command, args: readonly string[]): Promise<readonly string[]> => {
  const file = fileIn(args)
  const [command, words] = commandIn(program, args)
  if (file === undefined || !command.options.some(({ flags }) => flags === fromFile)) return args
  const { InputError, readText } = await import('../../models/index.ts')
  const { left: flaws, right: flags } = RA.separate(await entriesOf(await readText(file), pathOf(command), command.options))
  const [first, ...others] = flaws.map((flaw) => ({ file, ...flaw }))
  if (first !== undefined) throw new InputError(first, ...others)
  return [...args.slice(0, words), ...flags.flat(), ...args.slice(words)]
}

const fileIn = (args: readonly string[]): string | undefined => {
  const at = args.findLastIndex((arg) => arg === '--config' || arg.startsWith('--config='))
  return args[at]?.startsWith('--config=') ? args[at].slice('--config='.length) : at < 0 ? undefined : args[at + 1]
}

type ConfigurationFlaw = Omit<InputFinding, 'file'>
type ConfigurationEntry = E.Either<ConfigurationFlaw, readonly string[]>

/** Options of a command are no longer, in characters. */
const longest = 2 ** 20

const entriesOf = async (text: string, path: string, options: readonly Option[]): Promise<readonly ConfigurationEntry[]> => {
  const flaw = (expected: string, found: string) => [E.left({ expected, found, advice: 'Give one option a line, such as `batch: 32`.' })]
  if (text.length > longest) return flaw(`at most ${longest} characters`, `${text.length}`)
  try {
    return await entriesIn(text, path, options)
  } catch (error) {
    // Aliases that multiply, and nesting that has no end: the library throws.
    if (error instanceof ReferenceError || error instanceof RangeError || error instanceof SyntaxError || error instanceof TypeError)
      return flaw('options by name', error.message)
    throw error
  }
}

const entriesIn = async (text: string, path: string, options: readonly Option[]): Promise<readonly ConfigurationEntry[]> => {
  const { isMap, isScalar, LineCounter, parseDocument } = await import('yaml')
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false })
  const lineOf = (position: number | undefined) => (position === undefined ? {} : { line: lineCounter.linePos(position).line })
  if (document.errors.length > 0)
    return document.errors.map(({ message, pos: [at] }) =>
      E.left({ ...lineOf(at), expected: 'YAML or JSON', found: message, advice: 'Correct the line.' }),
    )
  if (!isMap(document.contents))
    return [E.left({ expected: 'options by name, such as `batch: 32`', found: 'none', advice: 'Give one option a line.' })]
  return document.contents.items.map(({ key, value }) => {
    const name = isScalar(key) ? String(key.value) : String(key)
    const place = { ...lineOf(isScalar(key) ? key.range?.[0] : undefined), field: name }
    const read: unknown = document.createNode(value).toJS(document)
    const entry = name === 'command' ? sameCommand(read, path) : noted.includes(name) ? E.right([]) : flagsOf(name, read, options)
    return E.mapLeft((flaw: ConfigurationFlaw) => ({ ...place, ...flaw }))(entry)
  })
}

/** run.json also says what its numbers depend on beside the options. */
const noted: readonly string[] = ['version', 'numerics', 'arithmetic']

/** run.json says for which command it is. */
const sameCommand = (value: unknown, path: string): ConfigurationEntry =>
  value === path
    ? E.right([])
    : E.left({ expected: path, found: shown(value), advice: 'Give the options of this command, or run the command that they are for.' })

const flagsOf = (given: string, value: unknown, options: readonly Option[]): ConfigurationEntry => {
  const known = options.filter((option) => !ofThisCall.includes(nameOf(option)))
  const name = optionNamed(given, known.map(nameOf))
  const option = known.find((each) => nameOf(each) === name)
  if (option === undefined) {
    const names = known.map(nameOf)
    return E.left({ expected: `one of ${names.join(', ')}`, found: name, advice: `Did you mean ${nearest(name, names).join(' or ')}?` })
  }
  if (value === null) return E.right([])
  if (option.isBoolean()) {
    if (typeof value === 'boolean') return E.right(value ? [`--${name}`] : [])
    return E.left({ expected: 'true or false', found: shown(value), advice: 'Correct the value.' })
  }
  const texts = textsOf(option, value)
  if (texts === undefined) return E.left({ expected: 'one text or number', found: shown(value), advice: 'Correct the value.' })
  return E.map((): readonly string[] => texts.map((text) => `--${name}=${text}`))(check(option, texts, value))
}

/** What would be typed after the flag, once or several times: `set: {desirable: 1.33}` is `--set desirable=1.33`. */
const textsOf = ({ parseArg, variadic }: Option, value: unknown): readonly string[] | undefined => {
  if (typeof value !== 'object' || value === null) return [String(value)]
  if (parseArg === undefined && !variadic) return undefined
  return Array.isArray(value) ? value.map(String) : Object.entries(value).map(([key, each]) => `${key}=${each}`)
}

/** By the same rules as what is typed. */
const check = ({ parseArg, argChoices }: Option, texts: readonly string[], value: unknown): E.Either<ConfigurationFlaw, unknown> =>
  E.tryCatch(
    () => texts.reduce((before: unknown, text) => parseArg?.(text, before), undefined),
    (error) => {
      if (!(error instanceof InvalidArgumentError)) throw error
      const expected = argChoices === undefined ? error.message.replace(/^Expected (.*)\.$/, '$1') : `one of ${argChoices.join(', ')}`
      return { expected, found: shown(value), advice: 'Correct the value.' }
    },
  )

const shown = (value: unknown): string => JSON.stringify(value) ?? 'nothing'
