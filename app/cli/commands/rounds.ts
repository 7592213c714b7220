/** `halograd rounds`: online alignment. The model answers, a judge or people say how well, a loss learns from it, round after round. */
import { Command, Option } from 'commander'
import { backendOptions, common, integer, notNegative, positive, probability, setting } from '../../inputs/options.ts'
import { configurable, pathOf, settingsOf } from '../../inputs/settings.ts'
import { adapterOptions, dataOptions, optimizerOptions, stepOptions } from '../../inputs/training-options.ts'
import { advantages } from '../../rounds/labels.ts'
import type { RoundsOptions } from '../../rounds/rounds.ts'
import type { Terminal } from '../../terminal/terminal.ts'

interface RoundsCommandOptions extends Omit<RoundsOptions, 'reference' | 'sampleTokens' | 'keep' | 'truncate'> {
  readonly reference?: 'first' | 'last'
  readonly beta?: number
  readonly set?: Readonly<Record<string, number>>
}

export const command = (terminal: Terminal): Command => {
  const rounds = new Command('rounds')
    .summary('online alignment: answer, judge, train, again')
    .description(
      'Aligns a model in rounds. In each, the current model answers prompts that no round has used, a judge or people give verdicts, and a loss learns from them. The win rate against the start is measured on prompts apart, and OUT gets the best model. A stopped or killed command continues where it was when it is run again.',
    )
  configurable(rounds)
  dataOptions(rounds, true)
  roundOptions(rounds)
  verdictOptions(rounds)
  measureOptions(rounds)
  stepOptions(rounds, 32)
  optimizerOptions(rounds)
  adapterOptions(rounds)
  return common(backendOptions(rounds))
    .addHelpText('after', examples)
    .action((options: RoundsCommandOptions, command: Command) => start(terminal, options, command))
}

const roundOptions = (command: Command): Command =>
  command
    .optionsGroup('Rounds:')
    .requiredOption('--halo <loss>', 'what learns: kto, dpo, grpo, … or a file, as for `align`; rloo: ppo-clip with the advantages of RLOO')
    .option('--beta <β>', "how hard to hold on to the reference model (default: the loss's own, mostly 0.1)", positive)
    .option('--set <name=value>', 'another setting of the loss; may be repeated', setting)
    .option('--rounds <n>', 'how many; a finished run continues with a larger number', integer(1), 3)
    .option('--prompts <n>', 'prompts of a round', integer(1), 64)
    .option('--answers <n>', 'answers to each prompt', integer(1), 4)
    .option('--max-tokens <n>', 'the most tokens of an answer', integer(1), 64)
    .option('--temperature <t>', 'of the answers', notNegative, 1)
    .option('--top-k <n>', 'draw from the n likeliest tokens only', integer(1))
    .option('--top-p <p>', 'draw from the fewest tokens that together have this probability', probability)
    .addOption(
      new Option(
        '--reference <round>',
        'the reference model: the first, or that of the last round (default: first; last for losses of advantages, whose ratio is to the model that answered)',
      ).choices(['first', 'last']),
    )
    .option('--sync-reference <n>', 'within a round, every n steps the reference model takes up the policy', integer(1))
    .option('--mix <α>', 'with --sync-reference: reference ← (1 − α) reference + α policy (default: 1)', probability)

const verdictOptions = (command: Command): Command =>
  command
    .optionsGroup('Verdicts:')
    .requiredOption(
      '--judge <judge>',
      'the judge: see `halograd judges`; or tsv: people, who fill in OUT/round-001/answers.tsv, after which the same command continues',
    )
    .option('--judge-timeout <seconds>', 'how long a judge that is a program may be silent', positive, 300)
    .addOption(
      new Option(
        '--label <how>',
        'what losses of labels learn from: answers above and below a threshold, or the best and the worst of a prompt',
      )
        .choices(['threshold', 'best-worst'])
        .default('threshold'),
    )
    .option('--threshold <score>', 'of --label threshold (default: ½ for thumbs and comparisons, else the mean score of the round)', finite)
    .addOption(
      new Option('--advantage <kind>', 'how scores become the labels of grpo, gspo, ppo-clip, …, within a prompt (default: grpo)').choices(
        advantages,
      ),
    )
    .option('--budget <n>', 'stop before a round that would need more verdicts than this in all', integer(1))

const measureOptions = (command: Command): Command =>
  command
    .optionsGroup('Measurement:')
    .option('--eval <file|fraction>', 'prompts to measure on: a file, or a fraction of --data', '0.2')
    .option('--measure <n>', 'how many of them at most', integer(2), 128)
    .option('--measure-judge <judge>', 'the judge of the measurement (default: --judge; none with tsv)')
    .option('--max-kl <nats>', 'stop when a model is further than this from the first', positive)
    .option('--insist', 'continue even where this halograd, this machine or this day gives other numbers')

const finite = (text: string): number => notNegative(text.replace(/^-/, '')) * (text.startsWith('-') ? -1 : 1)

const examples = `
In OUT: rounds.jsonl (a line a round), round-001/ … (answers, verdicts, the training run and its model), and the best model itself.

Examples:
  halograd rounds --halo kto --model ./stories260K-hf --data prompts.jsonl --judge lexicon --out online
  halograd rounds --halo grpo --model aligned --data prompts.jsonl --judge 'reward ./reward' --answers 8 --out online
  halograd rounds --halo kto --model aligned --data prompts.jsonl --judge tsv --measure-judge length --out by-hand`

const start = async (terminal: Terminal, options: RoundsCommandOptions, command: Command): Promise<void> => {
  const [{ findLoss }, { labellingOf }, { rounds }] = await Promise.all([
    import('../../inputs/losses.ts'),
    import('../../rounds/labelling.ts'),
    import('../../rounds/rounds.ts'),
  ])
  const settings = { ...(options.beta === undefined ? {} : { beta: options.beta }), ...options.set }
  const rloo = options.halo === 'rloo'
  const loss = await findLoss(rloo ? 'ppo-clip' : options.halo, settings)
  const labelling = labellingOf(loss, { ...options, ...(rloo && { advantage: 'rloo' }) })
  const result = await rounds(terminal, {
    ...{ loss, labelling, settings: settingsOf(command), rate: 1e-4 },
    options: {
      ...options,
      reference: options.reference ?? (labelling.tag === 'advantage' ? 'last' : 'first'),
      sampleTokens: 1,
      keep: 1,
      truncate: 'refuse',
    },
  })
  if (options.json) terminal.print(`${JSON.stringify({ command: pathOf(command), ...result })}\n`)
}
