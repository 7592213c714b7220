/** Scalars on a device, such as the metrics of a step, read in one download: a program joins them to a vector first. */
import { type Backend, broadcastTo, compile, concatenate, dispose, leaves, read, type Tensor } from '../../core/index.ts'
import type { Metrics } from './metrics.ts'

/** The numbers of a tree of scalars, in the order of its leaves. */
export type ScalarReader = (tree: unknown) => Promise<readonly number[]>

export const scalarReader = (backend: Backend): ScalarReader => {
  const join = compile(backend, (scalars: readonly Tensor[]) =>
    concatenate(
      scalars.map((x) => broadcastTo(x, { scalar: 1 })),
      'scalar',
    ),
  )
  return async (tree) => {
    const scalars = leaves(tree) as readonly Tensor[] // without axes
    if (scalars.length === 0) return []
    const joined = await join(scalars)
    const values = await read(backend, joined)
    dispose(backend, joined)
    return Array.from(values)
  }
}

/** Sums and counts of metrics so far, by name. */
export type MetricTotals = Record<string, { readonly sum: number; readonly count: number }>

/** The sums and counts of metrics, as a `ScalarReader` reads them and `addMetrics` takes them. */
export const scalarsOf = (metrics: Metrics): readonly Tensor[] => Object.values(metrics).flatMap(({ sum, count }) => [sum, count])

/** Adds the metrics of a part, whose `scalarsOf` have these values, to the totals by name. */
export const addMetrics = (totals: MetricTotals, metrics: Metrics, values: readonly number[]): void => {
  for (const [i, name] of Object.keys(metrics).entries()) {
    const { sum, count } = totals[name] ?? { sum: 0, count: 0 }
    totals[name] = { sum: sum + values[2 * i]!, count: count + values[2 * i + 1]! }
  }
}
