/** A reporter that ends the process at the first test that fails, and says which: the rest of what would notice a mutant is not run. */
import { basename } from 'node:path'
import type { TestEvent } from 'node:test/reporters'

export default async function* firstFailure(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of events)
    if (type === 'test:fail') {
      process.stdout.write(`${basename(data.file ?? '')}: ${data.name}`)
      process.exit(1)
    }
  yield ''
}
