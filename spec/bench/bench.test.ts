/** The benchmark itself: every suite prints valid rows, the peers are given our problem, and dishonest ratios are refused. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { contest, start } from '../../app/bench/contest.ts'
import { type BenchOptions, type BenchRow, bench, configurations } from '../../app/bench/index.ts'
import { arithmeticPeak } from '../../app/bench/peak.ts'
import { ourselves, peer } from '../../app/bench/peers.ts'
import { readProblem, writeProblem } from '../../app/bench/problem.ts'
import { median, quantile, summary } from '../../app/bench/statistics.ts'
import { compare } from '../../app/bench/train.ts'
import { main } from '../../app/cli/main.ts'
import { leaves } from '../../core/index.ts'
import { plain } from '../../core/internal.ts'

const rowsOf = async (options: BenchOptions): Promise<readonly BenchRow[]> => {
  const rows: BenchRow[] = []
  for await (const row of bench(options)) rows.push(row)
  return rows
}

/** What every measurement must say. */
const checkMeasurement = (row: BenchRow): void => {
  assert.ok('median' in row, JSON.stringify(row))
  const { median, best, spread, repeats, peakMemory, machine, threads, what, backend } = row
  for (const positive of [median, best, repeats, peakMemory, threads])
    assert.ok(positive > 0 && Number.isFinite(positive), JSON.stringify(row))
  assert.ok(best <= median && spread >= 0)
  for (const text of [what, backend, machine]) assert.ok(text.length > 0)
}

test('statistics: medians and quartiles, interpolated', () => {
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(median([4, 1, 2, 3]), 2.5)
  assert.equal(quantile([0, 10], 0.25), 2.5)
  assert.deepEqual(summary([1, 2, 3, 4, 5]), { median: 3, best: 1, spread: 0.6667, repeats: 5 })
  assert.throws(() => median([]), RangeError)
})

test('the peak is that of a processor', () => {
  const peak = arithmeticPeak()
  assert.ok(peak > 0.5 && peak < 1000, `${peak} GF/s`)
})

for (const backend of ['reference', 'wasm'])
  for (const suite of ['gemm', 'kernels', 'generate'] as const)
    test(`bench ${suite} on ${backend} prints the machine, and measurements`, async () => {
      const [machine, ...rows] = await rowsOf({ backend, suite, small: true })
      assert.ok(machine !== undefined && 'load' in machine && machine['peak GF/s'] > 0 && machine['peak GB/s'] > 0)
      assert.ok(rows.length > 0)
      for (const row of rows) checkMeasurement(row)
      assert.equal(new Set(rows.map(({ what }) => what)).size, rows.length, 'each thing has its own name')
      if (suite === 'gemm') for (const row of rows) assert.ok('GF/s' in row && 'fraction' in row)
    })

test('bench train on wasm: a measurement, the kernels of its step, and its memory', async () => {
  const common = { suite: 'train', config: 'tiny', backend: 'wasm', threads: 1, small: true } as const
  const [trained] = (await rowsOf({ ...common, repeats: 5 })).slice(1)
  checkMeasurement(trained!)
  assert.ok('tokens/s' in trained! && trained['first loss']! > trained['loss 8']! && trained['trace ms']! > 0 && trained['compile ms']! > 0)
  const kernels = (await rowsOf({ ...common, profile: true })).slice(1)
  assert.ok(kernels.length > 10)
  assert.ok(Math.abs(kernels.reduce((sum, row) => sum + ('share' in row ? row.share : Number.NaN), 0) - 1) < 0.01)
  const [grown] = (await rowsOf({ ...common, steps: 40 })).slice(1)
  assert.ok('arrays more' in grown!)
  assert.equal(grown['arrays more'], 0)
})

test('bench align, load and generate at the shape of a real checkpoint, made small: a measurement each', async () => {
  const common = { backend: 'wasm', threads: 1, small: true, repeats: 1, frozen: 'bf16' } as const
  const [aligned] = (await rowsOf({ ...common, suite: 'align' })).slice(1)
  assert.ok('first loss' in aligned! && aligned['first loss'] === 0.5, 'KTO begins where the policy is the reference model')
  const [loaded, written] = (await rowsOf({ ...common, suite: 'generate', config: 'smollm2-135m' })).slice(1)
  assert.ok(loaded!.what.startsWith('load smollm2-135m') && 'GB/s' in loaded! && 'tokens/s' in written!)
})

test('bench train: two contestants with one problem agree on the losses, and take turns', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'halograd-bench-test-'))
  const other = await mkdtemp(join(tmpdir(), 'halograd-bench-test-'))
  try {
    await writeProblem(directory, configurations.tiny, 1)
    await writeProblem(other, configurations.tiny, 2)
    const wish = { backend: 'reference' }
    const contestants = await Promise.all([directory, directory, other].map((where) => start(ourselves(where, wish, 1))))
    const [us, twin, stranger] = await contest(contestants, 2, 1)
    await Promise.all(contestants.map(({ stop }) => stop()))
    assert.deepEqual(us!.losses, twin!.losses)
    assert.ok(Math.abs(us!.losses[0]! - Math.log(configurations.tiny.model.vocab)) < 0.1, 'an untrained model knows nothing')
    const ratio = compare('train tiny', us!, twin!)
    assert.ok('ratio' in ratio && ratio.pairs.length === 2 && ratio.ratio > 0)
    const refusal = compare('train tiny', us!, stranger!)
    assert.ok('refused' in refusal && /first losses/.test(refusal.refused) && !('ratio' in refusal))
  } finally {
    for (const where of [directory, other]) await rm(where, { recursive: true })
  }
})

test('a problem is read as it was written, and depends on its seed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'halograd-bench-test-'))
  const texts = async (seed: number) => {
    await writeProblem(directory, configurations.tiny, seed)
    const { batches, parameters } = await readProblem(directory)
    const values = (x: unknown) => leaves(x).map(({ op }) => (op.tag === 'data' ? Array.from(plain(op.values)) : []))
    const [tokens, targets] = [values(batches[0]!.tokens)[0]!, values(batches[0]!.targets)[0]!]
    assert.deepEqual(tokens.slice(1, 16), targets.slice(0, 15), 'targets are the next tokens')
    assert.ok(tokens.every((token) => Number.isInteger(token) && token >= 0 && token < configurations.tiny.model.vocab))
    return { tokens, first: values(parameters)[0]!.slice(0, 4) }
  }
  try {
    const [one, again, two] = [await texts(1), await texts(1), await texts(2)]
    assert.deepEqual(one, again)
    assert.notDeepEqual(one.tokens, two.tokens)
    assert.notDeepEqual(one.first, two.first)
  } finally {
    await rm(directory, { recursive: true })
  }
})

test('a contestant that cannot start says why', async () => {
  const command = ourselves(join(tmpdir(), 'there-is-no-such-problem'), { backend: 'reference' }, 1)
  await assert.rejects(start(command), /stopped without an answer.*problem\.json/s)
})

for (const name of ['pytorch', 'jax-js'] as const)
  test(`${name} trains our problem to our losses, or says what to install`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'halograd-bench-test-'))
    try {
      await writeProblem(directory, configurations.tiny, 3)
      const command = await peer(name, directory, 1)
      if ('absent' in command) return assert.match(command.absent, /install/)
      const contestants = [await start(ourselves(directory, { backend: 'reference' }, 1)), await start(command)]
      const [ours, theirs] = await Promise.all(contestants.map(({ train }) => train(4)))
      await Promise.all(contestants.map(({ stop }) => stop()))
      ours!.losses.forEach((loss, i) => {
        assert.ok(Math.abs(loss - theirs!.losses[i]!) < 2e-6, `loss ${i}: ${loss} and ${theirs!.losses[i]}`)
      })
      assert.ok(theirs!.memory > 2 ** 24)
    } finally {
      await rm(directory, { recursive: true })
    }
  })

test('the command line: options are parsed, and refused with a word on what is allowed', async () => {
  const run = async (...args: readonly string[]) => {
    const [lines, said]: [string[], string[]] = [[], []]
    const terminal = {
      print: (text: string) => void lines.push(text),
      say: (text = '') => void said.push(text),
      interactive: false,
      stop: new AbortController().signal,
    }
    return { exitCode: await main(['bench', ...args], terminal), lines, said: said.join('\n') }
  }
  for (const [args, message] of [
    [['nothing'], /gemm, kernels, train, generate, losses, align, load, gpu, all/],
    [['train', '--config', 'C'], /tiny, small, A, B/],
    [['train', '--against', 'numpy'], /pytorch, jax-js/],
    [['gemm', '--repeats', '0'], /integer/],
    [['gemm', '--backend', 'abacus'], /no backend 'abacus'/],
  ] as const) {
    const { exitCode, said } = await run(...args)
    assert.equal(exitCode, 2, said)
    assert.match(said, message)
  }
  const { exitCode, lines } = await run('gemm', '--backend', 'reference', '--small', '--repeats', '2')
  assert.equal(exitCode, 0)
  for (const line of lines) assert.ok(line.endsWith('\n') && 'what' in JSON.parse(line))
})

test('--out: a file that is complete stays until another one is', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'halograd-bench-'))
  try {
    const out = join(directory, 'rows.jsonl')
    const run = async (stopAfter: number): Promise<readonly string[]> => {
      const stopping = new AbortController()
      const lines: string[] = []
      const print = (text: string): void => {
        if (lines.push(text) === stopAfter) stopping.abort()
      }
      const args = ['bench', 'gemm', '--backend', 'reference', '--small', '--repeats', '2', '--out', out]
      await main(args, { print, say: () => undefined, interactive: false, stop: stopping.signal })
      return lines
    }
    const whole = (await run(Number.POSITIVE_INFINITY)).join('')
    assert.equal(await readFile(out, 'utf8'), whole)
    assert.deepEqual(await readdir(directory), ['rows.jsonl'])
    const begun = await run(2)
    assert.equal(begun.length, 2)
    assert.equal(await readFile(out, 'utf8'), whole)
    assert.equal(await readFile(`${out}.partial`, 'utf8'), begun.join(''))
  } finally {
    await rm(directory, { recursive: true })
  }
})
