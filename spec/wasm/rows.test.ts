/** Random rows kernels over NaN-poisoned memory: they mean what the interpreter says, and threads do not change a bit. */
import { strict as assert } from 'node:assert'
import { after, test } from 'node:test'
import { interpret } from '../../backends/plan/interpret.ts'
import type { FusedKernel } from '../../backends/plan/program.ts'
import { device } from '../../backends/wasm/device.ts'
import { nodeHost } from '../../backends/wasm/host/node.ts'
import { randomRows, type Sample } from './kernels.ts'
import { generator } from './random.ts'

const machines = await Promise.all([1, 2, 3].map((threads) => device({ host: nodeHost, threads, eager: true })))
after(() => Promise.all(machines.map(({ close }) => close())))

const results = async (machine: (typeof machines)[number], { program, inputs }: Sample): Promise<readonly Float32Array[]> => {
  const { run } = await machine.load(program)
  machine.heap.floats().fill(NaN, 4096)
  const outputs = run(inputs.map(machine.upload))
  const values = outputs.map(machine.read)
  outputs.forEach(machine.free)
  return values
}

const agree = (got: readonly Float32Array[], { program, inputs }: Sample, what: string): void => {
  const { loops, inner } = program.kernels[0] as FusedKernel // the only kernel
  const tolerance = 1e-5 + 4e-9 * loops.reduce((n, { size }) => n * size, inner.size) // plain sums of so many terms
  interpret(program, inputs).forEach((values, o) => {
    const scale = values.reduce((m, x) => (Number.isFinite(x) ? Math.max(m, Math.abs(x)) : m), 1)
    values.forEach((x, i) => {
      const y = got[o]![i]!
      const right = Number.isNaN(x) || x === y || Math.abs(x - y) <= tolerance * scale
      assert(right, `${what}, output ${o}, element ${i}: ${y} instead of ${x}\n${JSON.stringify(program.kernels[0])}`)
    })
  })
}

test('random rows kernels mean what the interpreter says', async () => {
  for (let seed = 1; seed <= 150; seed++) {
    const sample = randomRows(generator(seed * 7919))
    agree(await results(machines[0]!, sample), sample, `seed ${seed}`)
  }
})

test('…and the same to the bit on two and three threads', async () => {
  for (let seed = 1; seed <= 50; seed++) {
    const sample = randomRows(generator(seed * 104729))
    const [one, ...others] = [await results(machines[0]!, sample), await results(machines[1]!, sample), await results(machines[2]!, sample)]
    const written = interpret(sample.program, sample.inputs).map((values) => values.map((x) => (Number.isNaN(x) ? 0 : 1)))
    for (const [i, other] of others.entries())
      other.forEach((values, o) => {
        const wrong = values.findIndex((x, e) => written[o]![e] === 1 && x !== one![o]![e])
        assert.equal(wrong, -1, `seed ${seed}, ${i + 2} threads, output ${o}\n${JSON.stringify(sample.program.kernels[0])}`)
      })
  }
})
