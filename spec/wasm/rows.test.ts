/** Random rows kernels over NaN-poisoned memory, against the interpreter of programs. */
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { interpret } from '../../backends/plan/interpret.ts'
import type { Rows } from '../../backends/plan/program.ts'
import { device } from '../../backends/wasm/device.ts'
import { randomRows } from './kernels.ts'
import { generator } from './random.ts'

test('random rows kernels mean what the interpreter says', async () => {
  const machine = await device({ threads: 1 })
  const first = Number(process.env['SEED'] ?? 1)
  for (let seed = first; seed < first + Number(process.env['TRIALS'] ?? 250); seed++) {
    const { program, inputs } = randomRows(generator(seed * 7919))
    const want = interpret(program, inputs)
    const { run } = await machine.load(program)
    machine.heap.floats().fill(NaN, 4096)
    const outputs = run(inputs.map(machine.upload))
    const got = outputs.map(machine.read)
    outputs.forEach(machine.free)
    const { loops, inner } = program.kernels[0] as Rows // the only kernel
    const tolerance = 1e-5 + 4e-9 * loops.reduce((n, { size }) => n * size, inner.size) // plain sums of so many terms
    want.forEach((values, o) => {
      const scale = values.reduce((m, x) => (Number.isFinite(x) ? Math.max(m, Math.abs(x)) : m), 1)
      values.forEach((x, i) => {
        const y = got[o]![i]!
        const right = Number.isNaN(x) || x === y || Math.abs(x - y) <= tolerance * scale
        assert(right, `seed ${seed}, output ${o}, element ${i}: ${y} instead of ${x}\n${JSON.stringify(program.kernels[0])}`)
      })
    })
  }
})
