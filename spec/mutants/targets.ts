/** Which sources are mutated, how many mutants of each are in the table, and the tests that are to notice, the likeliest first. */

export interface Target {
  readonly file: string
  readonly mutants: number
  readonly tests: readonly string[]
}
const laws = ['laws/scalar', 'laws/movements', 'laws/autodiff', 'laws/numbers', 'laws/positions', 'laws/compile', 'laws/random']
const losses = [
  'halos/parts',
  'halos/mutations',
  'halos/values',
  'halos/golden',
  'halos/declaration',
  'halos/numerics',
  'halos/verify',
  'theorems',
]
const proofs = ['laws/intervals', 'halos/prove', 'halos/values', 'halos/verify', 'halos/algebra', 'check/certificates', 'theorems']
const reports = ['halos/verify', 'halos/composition', 'halos/algebra', 'halos/mixture', 'check/certificates', 'theorems', 'app/halos']
const training = [
  'models/optimizer',
  'models/metrics',
  'models/golden-metrics',
  'models/head',
  'models/train',
  'models/catalogue',
  'models/snapshot',
]
const data = ['models-io/batches', 'models-io/data', 'models/metrics', 'models/train', 'models/catalogue', 'app/data']

const of = (folder: string, tests: readonly string[], files: Readonly<Record<string, number>>): readonly Target[] =>
  Object.entries(files).map(([name, mutants]) => ({
    ...{ file: `${folder}/${name}.ts`, mutants },
    tests: tests.map((test) => (test === 'theorems' ? 'spec/theorems.test.ts' : `spec/${test}.test.ts`)),
  }))

export const targets: readonly Target[] = [
  ...of('core', [...laws, ...losses], { scalar: 24, grad: 14, ops: 18, lift: 10, random: 8, tree: 6, definitions: 14 }),
  ...of('core', [...proofs, ...laws], { interval: 24 }),
  ...of('halos', losses, { halo: 16, reward: 16, reference: 20, value: 14, smoothed: 5, words: 3, affine: 3, loss: 6, view: 8 }),
  ...of('halos', proofs, { prove: 24, algebra: 12, profile: 10 }),
  ...of('halos', reports, { conditions: 12, verify: 5, refute: 14, composition: 10, 'normal-form': 12, certificate: 10, unbiased: 6 }),
  ...of('models/training', training, { objective: 20, metrics: 14, optimizer: 20, schedule: 8, step: 4 }),
  ...of('models/data', data, { batches: 16, mismatch: 12, balance: 5, shuffle: 4, truncate: 5 }),
]
