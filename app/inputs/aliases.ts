/**
 * Options by the names of TRL, transformers and PEFT: `--learning_rate`, `--per-device-train-batch-size`, in flags and in files. Those that mean the same
 * are taken; of those that mean something else here, or nothing, an error says what to write.
 */
import { distance } from 'fastest-levenshtein'
import { own } from '../../core/internal.ts'
import { UsageError } from '../terminal/errors.ts'

/** The same under another name. */
const same: Readonly<Record<string, string>> = {
  'model-name-or-path': 'model',
  'output-dir': 'out',
  'dataset-name': 'data',
  'train-file': 'data',
  'learning-rate': 'lr',
  'num-train-epochs': 'epochs',
  'max-steps': 'steps',
  'per-device-train-batch-size': 'batch',
  'train-batch-size': 'batch',
  'max-seq-length': 'max-length',
  'eval-steps': 'eval-every',
  'save-steps': 'save-every',
  'save-total-limit': 'keep',
  'lora-r': 'lora',
  'lora-target-modules': 'lora-targets',
  'loss-type': 'halo',
  'ref-model-sync-steps': 'sync-reference',
  'ref-model-mixup-alpha': 'mix',
  'max-completion-length': 'max-tokens',
  'max-new-tokens': 'max-tokens',
  'num-generations': 'answers',
  'early-stopping-patience': 'patience',
}

/** Options of other programs that have no counterpart of the same meaning, with advice. */
const otherwise: Readonly<Record<string, string>> = {
  'gradient-accumulation-steps': 'give the whole batch as --batch, and the parts in which it is run as --accumulate',
  'load-best-model-at-end': 'use --best',
  'resume-from-checkpoint': 'use --resume, which finds the last checkpoint in --out',
  'use-peft': 'use --lora <rank>',
  'desirable-weight': 'use --set desirable=…',
  'undesirable-weight': 'use --set undesirable=…',
  'label-smoothing': 'use --halo cdpo, or robust-dpo, with --set epsilon=…',
  'sync-ref-model': 'use --sync-reference <n>',
  'eval-strategy': 'use --eval-every <n>',
  'evaluation-strategy': 'use --eval-every <n>',
  'save-strategy': 'use --save-every <n>',
  'report-to': 'metrics are written to OUT/metrics.jsonl and OUT/events (TensorBoard); nothing is sent anywhere',
  optim: 'use --optimizer',
  packing: 'use train lm, which packs its text',
  bf16: 'numbers are float32 here; --frozen bf16 keeps weights beside adapters in 16 bits',
  fp16: 'numbers are float32 here; --frozen bf16 keeps weights beside adapters in 16 bits',
}

const dashed = (name: string): string => name.replaceAll('_', '-')

/** The option that a name means among those of a command; or itself where it means none. @throws UsageError for an option of other programs that has another meaning here */
export const optionNamed = (name: string, known: readonly string[]): string => {
  if (known.includes(name)) return name
  const plain = dashed(name)
  const meant = known.includes(plain) ? plain : own(same, plain)
  if (meant !== undefined && known.includes(meant)) return meant
  const advice = own(otherwise, plain)
  if (advice !== undefined && known.includes('lr')) throw new UsageError(`--${name} is an option of other programs; ${advice}`)
  return name
}

/** The arguments with the command's own names. Values stay as they are. @throws UsageError */
export const withOwnNames = (args: readonly string[], known: readonly string[]): readonly string[] =>
  args.map((arg) => {
    const [, name, value = ''] = /^--([A-Za-z][\w-]*)(=.*)?$/s.exec(arg) ?? []
    return name === undefined ? arg : `--${optionNamed(name, known)}${value}`
  })

/**
 * Names that may be meant, nearest first: the same letters in another order, or few changes. What is one change further away than the nearest counts, too.
 * @param most changes at which a name is still near
 */
export const nearest = (name: string, names: readonly string[], most = Number.POSITIVE_INFINITY): readonly string[] => {
  const letters = (word: string): string => [...word].sort().join('')
  const far = new Map(names.map((known) => [known, letters(known) === letters(name) ? 0 : distance(name, known)]))
  const least = Math.min(...far.values())
  const near = (known: string): number => far.get(known) ?? Number.POSITIVE_INFINITY
  return least > most ? [] : names.filter((known) => near(known) <= least + 1).sort((a, b) => near(a) - near(b))
}
