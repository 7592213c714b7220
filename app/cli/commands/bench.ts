/** `halograd bench`: how fast, and with how much memory. Standard output gets one JSON object a line, `{what, backend, threads, median, …}`. */
import { rename } from 'node:fs/promises'
import { Argument, Command, Option } from 'commander'
import { configurations, type Suite, suites } from '../../bench/configurations.ts'
import type { BenchOptions, BenchRow } from '../../bench/index.ts'
import { peerNames } from '../../bench/peers.ts'
import { replacing } from '../../bench/row.ts'
import { shapes } from '../../bench/shapes.ts'
import { backendOptions, integer } from '../../inputs/options.ts'
import type { Terminal } from '../../terminal/terminal.ts'

export const command = (terminal: Terminal): Command =>
  backendOptions(
    new Command('bench')
      .summary('measure this machine, and halograd on it')
      .description(
        'Measures matrix products (gemm), other operations (kernels), training (train), generation (generate), KTO against SFT (losses), checkpoints of the size of real ones (align, load), a graphics card (gpu), or the first five together (all). Prints JSON lines: times in milliseconds, memory in bytes.',
      )
      .addArgument(new Argument('<suite>', 'what to measure').choices(suites))
      .addOption(
        new Option('--config <name>', 'which model: train (default: tiny), align and load (default: smollm2-135m), generate').choices([
          ...Object.keys(configurations),
          ...Object.keys(shapes),
        ]),
      )
      .addOption(new Option('--frozen <how>', 'align, load, generate: how frozen weights are kept').choices(['bf16', 'int8']))
      .option('--full', 'align: train all weights, not adapters')
      .option('--gradient-checkpointing', 'align: compute the layers again in the backward pass')
      .addOption(
        new Option('--against <peer...>', 'train, align: take turns with a peer on the same weights and batches').choices(peerNames),
      )
      .option('--repeats <n>', 'samples of each figure, or rounds of a second each', integer(1), 5)
      .option('--patience <minutes>', 'all: wait so long for quiet cores; the last rows of each part count', integer(0), 0)
      .option('--steps <n>', 'train: take so many steps, and watch the memory', integer(20))
      .option('--long', 'train: watch how memory grows with the sequence')
      .option('--profile', 'train: the time of every kernel')
      .option('--small', 'sizes that only show that the benchmark works')
      .option('--seed <n>', 'of weights and data', integer(0), 1)
      .option('--out <file>', 'keep the rows in a file, too; until all are there, in <file>.partial'),
    true,
  )
    .addHelpText('after', '\nExample:\n  halograd bench train --config A --threads 2 --against pytorch jax-js')
    .action(async (suite: Suite, { out, ...options }: Omit<BenchOptions, 'suite'> & { readonly out?: string }) => {
      const [{ bench }, { writeAtomically }] = await Promise.all([import('../../bench/index.ts'), import('../../../models/index.ts')])
      const partial = `${out}.partial`
      let kept: readonly BenchRow[] = []
      for await (const row of bench({ ...options, suite })) {
        terminal.print(`${JSON.stringify(row)}\n`)
        kept = replacing(kept, row)
        if (out !== undefined) await writeAtomically(partial, kept.map((each) => `${JSON.stringify(each)}\n`).join(''))
        if (terminal.stop.aborted) return
      }
      if (out !== undefined) await rename(partial, out)
    })
