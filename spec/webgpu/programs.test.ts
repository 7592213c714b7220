/**
 * Random programs and their gradients, over memory full of NaN, compute what their plans mean; and donated state stays where it is. A seed
 * that fails is named: `SEED=n FUZZ=1` runs it alone.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { interpret, plan } from '../../backends/plan/index.ts'
import { download, free, upload } from '../../backends/webgpu/arrays.ts'
import type { GpuMachine } from '../../backends/webgpu/device.ts'
import { styles } from '../../backends/webgpu/grid.ts'
import { load } from '../../backends/webgpu/load.ts'
import { generator, randomProgram } from '../plan/random-programs.ts'
import { noAdapter, opened, poison } from './opened.ts'

const count = Number(process.env.FUZZ ?? 5)
const start = Number(process.env.SEED ?? 1)
/** Sums that cancel are as exact as their largest part. */
const tolerance = 1e-4

let machine: Promise<GpuMachine> | undefined
after(async () => (await machine)?.device.destroy())

const check = async (m: GpuMachine, seed: number): Promise<string | undefined> => {
  const { graph, data } = randomProgram(seed)
  const next = generator(seed ^ 0x5eed)
  const program = plan(graph, { block: next() < 0.5 ? 2 : 32, minTile: next() < 0.5 ? 2 : 4, chunkElements: next() < 0.2 ? 6 : 2 ** 22 })
  const { run } = await load(m, program, next() < 0.5 ? styles.card : styles.software)
  poison(m)
  const given = data.map((x) => upload(m, x))
  const outputs = await run(given)
  const flaws: string[] = []
  for (const [o, want] of interpret(program, data).entries()) {
    const got = await download(m, outputs[o]!)
    const scale = want.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 1)
    const at = want.findIndex((x, i) => !(x === got[i] || Math.abs(x - got[i]!) <= tolerance * scale))
    if (at >= 0) flaws.push(`seed ${seed}, output ${o}[${at}] is ${got[at]}, not ${want[at]}`)
  }
  const donated = new Set(graph.donated.values())
  for (const array of [...given.filter((_, i) => !donated.has(i)), ...outputs]) free(m, array)
  return flaws[0]
}

test(`${count} random programs over memory full of NaN`, { skip: noAdapter }, async () => {
  machine ??= opened()
  let m = await machine
  const flaws: string[] = []
  for (let seed = start; seed < start + count; seed++) {
    // Thousands of pipelines are more than a software device keeps.
    if (m.pipelines.size > 3000) {
      m.device.destroy()
      machine = opened()
      m = await machine
    }
    const flaw = await check(m, seed).catch((error: Error) => `seed ${seed}: ${error.message}`)
    if (flaw !== undefined) flaws.push(flaw)
    if (flaw !== undefined && count > 100) console.error(flaw)
  }
  assert.deepEqual(flaws.slice(0, 10), [], `${flaws.length} of ${count}`)
  assert.equal(m.alive, 0)
})
