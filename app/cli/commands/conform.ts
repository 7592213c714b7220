/** `halograd conform`: tests whether an implementation of a loss computes that loss, property by property, with a witness where it does not. */
import { Command } from 'commander'
import type { Examined } from '../../conform/conform.ts'
import { type CommonOptions, common, integer, setting } from '../../inputs/options.ts'
import { RefutedError, UsageError } from '../../terminal/errors.ts'
import { toJson } from '../../terminal/json.ts'
import type { Terminal } from '../../terminal/terminal.ts'

interface ConformOptions extends CommonOptions {
  readonly loss?: string
  readonly set?: Readonly<Record<string, number>>
  readonly command?: string
  readonly recorded?: string
  readonly vectors?: string
  readonly examples?: string
  readonly junit?: string
  readonly timeout: number
}

export const command = (terminal: Terminal): Command =>
  common(
    new Command('conform')
      .summary('test an implementation of a loss, in any language')
      .description(
        'Asks a program that computes a loss: values, gradients and how they behave (stop-gradients, step 0, extremes, masks, pooling, …) are compared with halograd in float64. It reads questions as lines of JSON, {loss, settings, dtype, inputs}, from standard input and answers each with a line {loss, losses?, rewards?, grads}, or {"unsupported": "masks"}.',
      )
      .option('--loss <loss>', 'a name of the catalogue (kto, dpo, …), or a file that exports one')
      .option('--set <name=value>', 'a setting of the loss, e.g. beta=0.1; may be repeated', setting)
      .option('--command <command>', 'the program to test')
      .option('--recorded <file>', 'answers that were recorded, instead: a JSON array of {id, loss, settings, inputs, answer}')
      .option('--vectors <file>', 'write the questions, and what halograd finds, instead of asking')
      .option('--examples <dir>', 'write adapters for plain torch functions, TRL, HALOs and exported losses, instead of asking')
      .option('--junit <file>', "also write the report as JUnit's XML")
      .option('--timeout <seconds>', 'how long the program may be silent', integer(1), 120),
  )
    .addHelpText(
      'after',
      `
Example:
  halograd conform --examples adapters
  halograd conform --loss kto --command 'python adapters/adapter_functions.py'
  halograd conform --loss kto --vectors kto-vectors.json`,
    )
    .action((options: ConformOptions) => conformTo(terminal, options))

const conformTo = async (terminal: Terminal, options: ConformOptions): Promise<void> => {
  const { loss: name, set = {}, command, recorded, vectors, examples } = options
  if ([command, recorded, vectors, examples].filter((way) => way !== undefined).length !== 1)
    throw new UsageError('conform: give one of --command, --recorded, --vectors and --examples')
  if (examples !== undefined) {
    const { writeExamples } = await import('../../conform/examples.ts')
    return terminal.say(`Saved to ${examples}: ${(await writeExamples(examples)).join(', ')}`)
  }
  if (recorded !== undefined) return judgeRecorded(terminal, recorded, options)
  if (name === undefined) throw new UsageError('conform: say which loss, with --loss')
  const [{ examined, vectorsFor }, { inVectors }, { writeAtomically }] = await Promise.all([
    import('../../conform/conform.ts'),
    import('../../conform/report.ts'),
    import('../../../models/index.ts'),
  ])
  const subject = await examined(name, set)
  if (vectors !== undefined) {
    await writeAtomically(vectors, inVectors(name, subject.settings, await vectorsFor(subject)))
    return terminal.say(`Saved to ${vectors}`)
  }
  if (command !== undefined) await testProgram(terminal, name, subject, command, options)
}

/** @throws RefutedError where an answer is not that of the declared loss */
const judgeRecorded = async (terminal: Terminal, recorded: string, { json }: ConformOptions): Promise<void> => {
  const [{ judgeRecords }, { readText }] = await Promise.all([import('../../conform/recorded.ts'), import('../../../models/index.ts')])
  const judged = await judgeRecords(await readText(recorded), recorded)
  const lines = judged.map(({ id, defects }) => `${id}: ${defects.join('; ') || 'as declared'}`)
  terminal.print(json ? `${toJson(judged)}\n` : `${lines.join('\n')}\n`)
  if (judged.some(({ defects }) => defects.length > 0)) throw new RefutedError('some answers are not those of the declared loss')
}

/** @throws RefutedError naming each property that the program violates */
const testProgram = async (
  terminal: Terminal,
  name: string,
  subject: Examined,
  command: string,
  { json, junit, timeout }: ConformOptions,
): Promise<void> => {
  const [{ conform }, { isViolated }, { inJUnit, inWords }, { program }, { writeAtomically }] = await Promise.all([
    import('../../conform/conform.ts'),
    import('../../conform/findings.ts'),
    import('../../conform/report.ts'),
    import('../../conform/protocol.ts'),
    import('../../../models/index.ts'),
  ])
  const findings = await conform(subject, program(command, timeout, terminal.stop))
  if (junit !== undefined) await writeAtomically(junit, inJUnit(name, findings))
  terminal.print(json ? `${toJson({ loss: name, settings: subject.settings, findings })}\n` : `${inWords(name, findings)}\n`)
  const violated = findings.filter(isViolated)
  if (violated.length > 0)
    throw new RefutedError(`${name} is not what '${command}' computes: ${violated.map(({ property }) => property).join(', ')}`)
}
