/** Alignment of the models that people have: a KTO step with adapters on random weights of their shapes, alone or in turns with plain PyTorch. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Wish } from '../inputs/backends.ts'
import { type AlignSetting, writeAlignProblem } from './align-problem.ts'
import { type Contestant, contest, type Result, start } from './contest.ts'
import { machineName } from './machine.ts'
import { ourselves, peer } from './peers.ts'
import type { Watch } from './quiet.ts'
import type { BenchRow, Measurement } from './row.ts'
import { round, summary } from './statistics.ts'
import { compare } from './train.ts'

export interface BenchAlignOptions extends Omit<AlignSetting, 'batch' | 'length'> {
  readonly wish: Wish
  readonly threads: number
  readonly pytorch: boolean
  /** Rounds of a step. */
  readonly repeats: number
  readonly seed: number
  readonly look: Watch['look']
}

/** Texts × tokens of a step. */
const sizes = [
  { batch: 8, length: 128 },
  { batch: 2, length: 512 },
] as const

export async function* align(options: BenchAlignOptions): AsyncGenerator<BenchRow> {
  for (const { batch, length } of options.small ? [{ batch: 2, length: 16 }] : sizes) yield* aligned(options, { ...options, batch, length })
}

async function* aligned(
  { wish, threads, pytorch, repeats, seed, look, ...how }: BenchAlignOptions,
  { batch, length }: Pick<AlignSetting, 'batch' | 'length'>,
): AsyncGenerator<BenchRow> {
  const { shape, rank, frozen, recompute, small } = how
  const setting: AlignSetting = { shape, batch, length, recompute, small, ...(rank && { rank }), ...(frozen && { frozen }) }
  const kind = `${rank === undefined ? 'all weights' : `adapters of rank ${rank}`}${frozen ? `, ${frozen}` : ''}${recompute ? ', recomputed' : ''}`
  const what = `align ${shape} ${batch} × ${length}, ${kind}`
  const directory = await mkdtemp(join(tmpdir(), 'halograd-bench-'))
  const contestants: Contestant[] = []
  try {
    await writeAlignProblem(directory, setting, seed)
    contestants.push(await start(ourselves(directory, wish, threads, [], 'align')))
    if (pytorch) {
      const command = await peer('pytorch', directory, threads, 'align')
      if ('absent' in command) yield { what, refused: command.absent, backend: contestants[0]!.hello.name, against: 'pytorch', threads }
      else contestants.push(await start(command))
    }
    const [us, ...others] = await contest(contestants, repeats, 1, async () => void (await look()))
    for (const result of [us!, ...others]) yield measured(what, batch * length, result)
    for (const them of others) yield compare(what, us!, them)
  } finally {
    await Promise.all(contestants.map(({ stop }) => stop()))
    await rm(directory, { recursive: true, force: true })
  }
}

const measured = (what: string, tokens: number, { hello, threads, rounds, memory, losses, others }: Result): Measurement => {
  const times = summary(rounds.flat())
  return {
    ...{ what, backend: hello.name, mode: hello.mode, threads, ...times, peakMemory: memory, machine: machineName, others: round(others) },
    'tokens/s': Math.round((1000 * tokens) / times.median),
    'best tokens/s': Math.round((1000 * tokens) / times.best),
    ...(losses[0] === undefined ? {} : { 'first loss': losses[0] }),
  }
}
