/** `halograd`: reads the arguments, runs the command, and turns whatever goes wrong into words and an exit code. */

import { Command } from 'commander'
import { commandIn, nameOf } from '../inputs/settings.ts'
import { version } from '../inputs/version.ts'
import { modulesIn } from '../terminal/sources.ts'
import { interrupted, ok, processTerminal, type Terminal } from '../terminal/terminal.ts'
import { failureOf } from './failure.ts'

/** Runs one command. Returns its exit code. */
export const main = async (args: readonly string[], terminal: Terminal = processTerminal()): Promise<number> => {
  try {
    const halograd = await program(terminal)
    await halograd.parseAsync([...(await withFile(halograd, await named(halograd, args)))], { from: 'user' })
    return terminal.stop.aborted ? interrupted(terminal.stop) : ok
  } catch (error) {
    const { exitCode, message } = await failureOf(error, terminal.stop, args.includes('--verbose'))
    if (message !== '') terminal.say(message)
    return exitCode
  }
}

/** Options may have the names that other programs give them. Few calls have one that the command does not know. */
const named = async (halograd: Command, args: readonly string[]): Promise<readonly string[]> => {
  const [command] = commandIn(halograd, args)
  const known = command.options.map(nameOf)
  const foreign = args.some((arg) => /^--\w/.test(arg) && !known.includes(arg.slice(2).split('=')[0] ?? ''))
  return foreign ? (await import('../inputs/aliases.ts')).withOwnNames(args, known) : args
}

/** Options may come from a file. Reading one takes more of halograd than most commands need. */
const withFile = async (halograd: Command, args: readonly string[]): Promise<readonly string[]> => {
  if (!args.some((arg) => arg === '--config' || arg.startsWith('--config='))) return args
  const { withConfiguration } = await import('../inputs/configuration.ts')
  return withConfiguration(halograd, args)
}

const program = async (terminal: Terminal): Promise<Command> => {
  const halograd = new Command('halograd')
    .description('Human-aware losses, declared, proved and trained: align language models with KTO, DPO and their kin, in TypeScript.')
    .version(version(), '--version', 'print the version')
    .helpOption('--help', 'explain a command and its options')
    .addHelpText(
      'after',
      `
Start with:
  halograd demo                        pre-trains and aligns a small model on this machine, from nothing
  halograd align --help                aligns your model with your data

Results go to standard output, everything else to standard error; --json makes a result one JSON document.
Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C, 143 by SIGTERM (after saving).`,
    )
  for (const make of await commands()) halograd.addCommand(make(terminal))
  return configured(halograd, terminal)
}

/** Every file of `commands/` is a command: nothing lists them. */
const commands = async (): Promise<readonly ((terminal: Terminal) => Command)[]> => {
  const modules = await modulesIn<{ readonly command: (terminal: Terminal) => Command }>('./commands/', import.meta.url)
  return [...modules.values()].map(({ command }) => command)
}

/** Errors are thrown, not exited with; every command says where help is. */
const configured = (command: Command, terminal: Terminal): Command => {
  command
    .exitOverride()
    .configureOutput({ writeOut: terminal.print, writeErr: (text) => terminal.say(text.trimEnd()) })
    .helpOption('--help', 'explain the options')
    .showHelpAfterError('(add --help for an explanation)')
  for (const each of command.commands) configured(each, terminal)
  return command
}
