/** A reporter of tests that says nothing, and ends the process at the first test that fails: the rest of a killed mutant's tests is not run. */
import type { TestEvent } from 'node:test/reporters'

export default async function* firstFailure(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type } of events) if (type === 'test:fail') process.exit(1)
  yield ''
}
