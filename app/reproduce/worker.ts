/** The other end of `remoteDesk`: jobs come as messages, one at a time, and answers go back. */
import { type Answer, experimentWorker } from './experiment-worker.ts'
import type { Job } from './files.ts'

const mine = experimentWorker(JSON.parse(process.argv[2]!), new AbortController().signal)

process.on('message', async (job: Job) => {
  const answer: Answer = await mine
    .then(({ perform }) => perform(job))
    .then(
      (note) => ({ note }),
      (error: unknown) => ({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
  process.send?.(answer)
})
/** Who asked is gone. */
process.on('disconnect', () => process.exit())
for (const request of ['SIGINT', 'SIGTERM']) process.on(request, () => undefined) // they reach all; the lab decides
