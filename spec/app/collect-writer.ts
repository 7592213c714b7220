/** A process that collects feedback without end, for collect.test.ts: says the id of each event when it is acknowledged. */
import { openCollection } from '../../app/collect/feedback.ts'

const [, , file = '', name = ''] = process.argv
const collection = await openCollection(file)
for (let i = 0; ; i++) {
  const id = `${name}-${i}`
  const text = `${id} `.repeat(1 + ((i * 37) % 900)) // up to several pages
  await collection.add({ id, prompt: [{ role: 'user', content: text }], completion: text }, { kind: 'thumbs', label: i % 2 === 0 })
  process.stdout.write(`${id}\n`)
}
