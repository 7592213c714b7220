/** UNA's squared error on judged completions is the value of Savage's loss, which GPO takes of pairs. */
import fc from 'fast-check'
import { catalogue, find, getOrThrow } from '../../halos/index.ts'
import { column, completion, numbers } from '../halos/numbers.ts'
import { theorem } from '../theorem.ts'

const families = await catalogue()
const real = (min: number, max: number) => fc.double({ min, max, noNaN: true })

/** (σ(βu) − y)² of a completion, and GPO's Savage loss of a pair whose other completion has log-ratio 0; y is 1 − ε or ε. */
const same = (epsilon: number) =>
  fc.asyncProperty(real(0.01, 3), real(-8, -0.1), real(-8, -0.1), fc.constantFrom(1, -1), async (beta, p, q, s) => {
    const [own, even] = [completion(column(p), [q]), completion(column(-1), [-1])]
    const evidence = { outcome: own, label: column(s), unrelated: even, chosen: s > 0 ? own : even, rejected: s > 0 ? even : own }
    const lossOf = async (key: string) => (await numbers(getOrThrow(find(families, key)!({ beta })).evaluate(evidence).losses))[0]!
    const y = s > 0 ? 1 - epsilon : epsilon
    const published = (1 / (1 + Math.exp(-beta * (p - q))) - y) ** 2
    const [una, savage] = [await lossOf('una'), await lossOf('gpo-savage')]
    return Math.abs(una - published) <= 1e-12 && Math.abs(una - savage) <= 1e-12
  })

export default [
  theorem('UNA', {
    statement:
      '(σ(βu) − y)², y ∈ {0, 1}, is −v(sβu) with v(z) = −σ(−z)²: GPO’s Savage loss against a completion of which the models think alike',
    source: 'σ(z) − 1 = −σ(−z); Wang et al. (2024), arXiv:2408.15339, squared error; Tang et al. (2024), arXiv:2402.05749, Table 1',
    holds: same(0),
    controls: [{ of: 'soft labels, y = 0.99 and 0.01', breaks: same(0.01) }],
    cases: 100,
  }),
]
