/**
 * `npm run fuzz`: tries damaged and sound files on every reader, with another seed each day, and prints what came of it.
 *
 *     npm run fuzz                                       2,000 files a reader
 *     npm run fuzz -- --inputs 200000 --seed 7           as many as that, in an order that can be repeated
 *     npm run fuzz -- --only parquet                     of readers whose names begin so
 *
 * What is found is put into spec/fuzz/corpus/, which the tests try for ever after.
 */
import { parseArgs } from 'node:util'
import { fuzz } from './fuzz.ts'
import { readers } from './readers.ts'
import { seedOfToday } from './seed.ts'

const { values } = parseArgs({ options: { inputs: { type: 'string' }, seed: { type: 'string' }, only: { type: 'string' } } })
const [inputs, seed] = [Number(values.inputs ?? 2000), Number(values.seed ?? seedOfToday())]
console.log(`seed ${seed}, ${inputs} files a reader\n`)
console.log('reader               files   accepted  (round trips)   refused   untyped   slowest   peak memory')
let failed = false
for (const reader of readers.filter(({ name }) => name.startsWith(values.only ?? ''))) {
  const { accepted, roundTrips, refused, slowest, failure, inputs: tried } = await fuzz(reader, inputs, seed)
  const peak = `${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`
  const cells = [tried, accepted, `(${roundTrips})`, refused, failure === undefined ? 0 : 1, `${slowest.toFixed(0)} ms`, peak]
  console.log(`${reader.name.padEnd(18)}${cells.map((cell, i) => String(cell).padStart([8, 11, 16, 10, 10, 10, 14][i]!)).join('')}`)
  if (failure !== undefined) console.log(`  ${failure}\n  again: npm run fuzz -- --only '${reader.name}' --inputs ${inputs} --seed ${seed}`)
  failed ||= failure !== undefined
}
process.exitCode = failed ? 1 : 0
