/**
 * How a rows kernel becomes passes over its inner axis.
 *
 *     phase(value) = the number of row reductions on its longest path
 *
 * Pass p computes the full values of phase p; reductions end a pass. What a later pass needs of an earlier one is loaded
 * again, recomputed when that is cheap, read back from where it was stored, or stashed in a row of scratch.
 */
import type { Rows } from './program.ts'

/** Which instructions are full: they run for every inner index, the others once a row. */
export const fullness = ({ body, streams }: Rows): readonly boolean[] => {
  const full: boolean[] = []
  for (const i of body) {
    const moving = 'stream' in i && (streams[i.stream]!.inner !== 0 || (i.at !== undefined && full[i.at.index]!))
    if (i.op === 'load') full.push(moving || (i.guards ?? []).some((guard) => guard.loop < 0))
    else if (i.op === 'store') full.push(moving || full[i.arg]!)
    else if (i.op === 'iota') full.push(i.loop < 0)
    else if (i.op === 'word') full.push(i.args.some((arg) => full[arg]))
    else if (i.op === 'random') full.push(i.inner !== 0 || full[i.key]!)
    else full.push(false)
  }
  return full
}
