/** The options of a command as settings: which may come from a file, and what is in effect. Light, because every command loads it. */
import type { Command, Option } from 'commander'

/** A flag of a command whose options may come from a file. (`bench --config` names a model.) */
export const fromFile = '--config <file>'
export const configurable = (command: Command): Command =>
  command.option(fromFile, 'options from a YAML or JSON file, named as here (batch: 32); flags win. Every run leaves one: run.json')

/** An option as it is in effect. */
export interface SettingText {
  /** The flag without its dashes. */
  readonly name: string
  readonly value: unknown
  /** What the value may be the path of. */
  readonly paths: readonly ('file' | 'dir')[]
}

/** What a command was asked for in effect, defaults included: flags, file and all. */
export const settingsOf = (command: Command): readonly SettingText[] =>
  command.options
    .filter((option) => !ofThisCall.includes(nameOf(option)))
    .flatMap((option) => {
      const value: unknown = command.getOptionValue(option.attributeName())
      const paths = (['file', 'dir'] as const).filter((kind) => new RegExp(`<.*\\b${kind}\\b.*>`).test(option.flags))
      return value === undefined ? [] : [{ name: nameOf(option), value, paths }]
    })

/** How a command is called this once: no part of what it does. */
export const ofThisCall: readonly string[] = ['config', 'resume', 'insist', 'json', 'verbose']

export const nameOf = (option: Option): string => (option.long ?? option.flags).replace(/^--/, '')

/** `train sft`, without the name of the program. */
export const pathOf = (command: Command): string =>
  command.parent === null || command.parent.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`

/** The command that the first words name, and how many they are. */
export const commandIn = (program: Command, args: readonly string[], words = 0): readonly [Command, number] => {
  const next = program.commands.find((command) => command.name() === args[words])
  return next === undefined ? [program, words] : commandIn(next, args, words + 1)
}
