/**
 * Which sources are mutated, how many mutants of each are in the table, and the tests whose business they are: the likeliest first, and none that takes
 * more than four seconds of the processor. They run in one process, up to the first that fails.
 */

export interface Target {
  readonly file: string
  readonly mutants: number
  readonly tests: readonly string[]
}
const laws = ['laws/scalar', 'laws/movements', 'laws/autodiff', 'laws/numbers', 'laws/positions', 'laws/compile', 'laws/functions']
const vocabularies = [
  'halos/parts',
  'halos/rewards',
  'halos/references',
  'halos/declaration',
  'halos/values',
  'halos/views',
  'halos/smoothed',
]
const parts = [...vocabularies, 'halos/mutations', 'halos/mixture', 'halos/numerics', 'halos/float32']
const proofs = ['halos/claims', 'halos/prove', 'halos/refute', 'halos/conditions', 'halos/piecewise', 'halos/evidence', 'fuzz/prover']
const training = ['models/objective', 'models/metrics', 'models/golden-metrics']
const data = ['models-io/batches', 'models-io/orders', 'models-io/truncate', 'models-io/inspect', 'models-io/data']

const of = (folder: string, tests: readonly string[], files: Readonly<Record<string, number>>): readonly Target[] =>
  Object.entries(files).map(([name, mutants]) => ({
    ...{ file: `${folder}/${name}.ts`, mutants },
    tests: [...new Set(tests)].map((test) => `spec/${test}.test.ts`),
  }))

export const targets: readonly Target[] = [
  ...of('core', [...laws, 'plan/plan', ...parts], { scalar: 24, grad: 14, ops: 18, lift: 1, simplify: 14, tree: 6, definitions: 14 }),
  ...of('core', ['laws/random', ...laws, 'models/dropout'], { random: 8 }),
  ...of('core', ['laws/interval-members', 'laws/intervals', ...proofs], { interval: 24 }),
  ...of('halos', parts, { halo: 16, reward: 16, reference: 20, smoothed: 5, words: 3, affine: 3, loss: 6, view: 8 }),
  ...of('halos', ['halos/values', ...parts], { value: 14 }),
  ...of('halos', proofs, { prove: 24, refute: 14 }),
  ...of('halos', ['halos/cone', 'halos/mixture'], { algebra: 12 }),
  ...of('halos', ['halos/profile', 'halos/values', 'halos/parts'], { profile: 10 }),
  ...of('halos', ['halos/unbiased', 'halos/evidence'], { unbiased: 6 }),
  ...of('halos', ['halos/normal-form', 'halos/composition'], { 'normal-form': 12, composition: 10 }),
  ...of('halos', ['halos/evidence', 'halos/mixture', 'halos/composition', ...proofs], { conditions: 12, verify: 5 }),
  ...of('halos', ['halos/certificate', 'halos/conditions'], { certificate: 10 }),
  ...of('models/training', training, { objective: 20, metrics: 14 }),
  ...of('models/training', ['models/optimizer', 'models/frozen'], { optimizer: 20, schedule: 8 }),
  ...of('models/training', ['models/optimizer', 'models/objective', 'models/snapshot', 'models/train'], { step: 4 }),
  ...of('models/data', data, { batches: 16, mismatch: 12, balance: 5, shuffle: 4, truncate: 5 }),
]
