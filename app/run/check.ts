/** Checks the options of a run before any file is read; all contradictions are reported at once. */
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { checkWritable } from '../../models/internal.ts'
import { controlOf } from '../inputs/control.ts'
import { isModule } from '../inputs/modules.ts'
import { UsageError } from '../terminal/errors.ts'
import type { Task } from './task.ts'

/** @throws UsageError with everything that contradicts; FileError where --out cannot be written to */
export const checkOptions = async ({ loss, options }: Task): Promise<void> => {
  const {
    batch,
    accumulate,
    model,
    out,
    best,
    saveEvery,
    lora,
    frozen,
    loraAlpha,
    loraTargets,
    control,
    reference,
    syncReference,
    mix,
    judge,
    sampleEvery,
    optimizer,
    adamBeta1,
    adamBeta2,
    adamEpsilon,
  } = options
  const there = await stat(out).catch(() => undefined)
  const wrong = [
    loss.needs.unrelated &&
      batch < 2 &&
      `--batch ${batch}: ${loss.name} needs at least 2 examples a step. Its reference point z₀ is the mean reward of completions that do not belong to their prompts, and a batch of one has none`,
    accumulate > batch && `--accumulate ${accumulate}: a batch of ${batch} has at most ${batch} parts`,
    resolve(out) === resolve(model) && '--out is --model: choose another directory, or the model you start from is lost',
    there?.isDirectory() === false && `--out: ${out} is a file; give a directory, or a path that does not exist yet`,
    best && saveEvery === 0 && '--best: the best step is kept as a checkpoint, and --save-every 0 says to keep none',
    lora === undefined &&
      (loraAlpha ?? loraTargets) !== undefined &&
      '--lora-alpha and --lora-targets say how adapters are made: add --lora <rank>',
    lora === undefined &&
      frozen !== undefined &&
      '--frozen says how the weights beside adapters are kept, and all are trained: add --lora <rank>',
    lora !== undefined && loss.needs.reward && '--lora: a reward model is trained whole; leave --lora out',
    mix !== undefined && syncReference === undefined && '--mix says how the reference model follows the policy: add --sync-reference <n>',
    (reference ?? syncReference) !== undefined &&
      !loss.needs.reference &&
      `--reference and --sync-reference: ${loss.name} has no reference model`,
    reference !== undefined && lora !== undefined && '--reference: adapters have the model beside them as their reference; leave it out',
    mix !== undefined && mix < 1 && lora !== undefined && '--mix: a mean of adapters is not the adapter of mean weights; use 1 with --lora',
    (judge ?? sampleEvery) !== undefined &&
      (loss.needs.reward || loss.needs.value) &&
      `--judge and --sample-every need a model that writes, and ${loss.name} trains one with a head`,
    !['adamw', 'adafactor', 'sgd'].includes(optimizer) &&
      !isModule(optimizer) &&
      `--optimizer: there is no '${optimizer}'. Known are adamw, adafactor and sgd; or give a file that exports one, such as ./my-optimizer.ts`,
    optimizer !== 'adamw' &&
      (adamBeta1 ?? adamBeta2 ?? adamEpsilon) !== undefined &&
      `--adam-beta1, --adam-beta2 and --adam-epsilon are settings of adamw, not of ${optimizer}`,
    control !== undefined && !loss.needs.control && `--control: ${loss.name} knows no control tokens; csft does`,
    control !== undefined && controlOf(control) === undefined && '--control: expected two different texts, as in <|good|>,<|bad|>',
  ].filter((flaw) => typeof flaw === 'string')
  if (wrong.length > 0) throw new UsageError(wrong.join('\n'))
  await checkWritable(out)
}
