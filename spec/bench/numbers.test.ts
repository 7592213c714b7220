/** The numbers of docs/benchmarks.md are those of the results in the repository, and say where they are from. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import type { BenchRow } from '../../app/bench/index.ts'
import { maker, numbers, readResults } from '../../app/bench/numbers.ts'
import { section } from '../../app/terminal/documents.ts'

const machine = {
  what: 'machine',
  date: '2026-01-01',
  machine: 'abacus, 1 cores',
  cores: 1,
  memory: 1,
  'peak GF/s': 1,
  'peak GB/s': 1,
  load: 0,
  patience: 60,
} as const
const product: BenchRow = {
  ...{ what: 'gemm 64×64×64 NN', backend: 'wasm', mode: '1 thread', threads: 1, median: 1, best: 1, spread: 0, repeats: 5 },
  ...{ 'GF/s': 0.5, fraction: 0.5, peakMemory: 1, machine: machine.machine },
}

test('docs/benchmarks.md states the numbers of the results', async () => {
  const readme = readFileSync(new URL('../../docs/benchmarks.md', import.meta.url), 'utf8')
  const results = await readResults()
  assert.ok(results.length > 0)
  assert.ok(readme.includes(section(maker, numbers(results))), `stale: node --import tsx ${maker}`)
})

test('a table says what was measured where, when and how, and leaves out what was not', () => {
  const table = numbers([{ name: 'abacus.jsonl', rows: [machine, product] }])
  assert.match(table, /abacus, 1 cores, 2026-01-01.*npm run bench -- all --patience 60 --out app\/bench\/results\/abacus\.jsonl/)
  assert.match(table, /matrix product 64 × 64 × 64 \| 0\.5 GF\/s \(50 %\) \|/)
  assert.match(table, /softmax, an element \| – \|/)
  assert.notEqual(table, numbers([{ name: 'abacus.jsonl', rows: [machine, { ...product, 'GF/s': 0.6 }] }]), 'another result, another table')
})

test('a table says how many parts were measured beside others', () => {
  const rows: readonly BenchRow[] = [machine, { ...product, part: 'gemm', look: 1 }, { ...product, part: 'kernels', look: 1.1 }]
  assert.match(numbers([{ name: 'abacus.jsonl', rows }]), /medians\. Of 2 parts, 1 never had quiet cores\./)
  assert.doesNotMatch(numbers([{ name: 'abacus.jsonl', rows: rows.slice(0, 2) }]), /quiet/)
  const others: BenchRow = { ...product, part: 'kernels', threads: 2, look: 0.5 }
  assert.doesNotMatch(
    numbers([{ name: 'abacus.jsonl', rows: [...rows.slice(0, 2), others] }]),
    /quiet/,
    'two cores are not compared with one',
  )
})

test('results that do not begin with the machine are refused', () => {
  assert.throws(() => numbers([{ name: 'lost.jsonl', rows: [product] }]), /lost\.jsonl does not begin with the machine/)
})
