/** The process behind `remoteWorker`: jobs arrive as messages, one at a time, and answers are sent back. */
import { experimentWorker, type WorkerAnswer } from './experiment-worker.ts'
import type { ExperimentJob } from './files.ts'

const mine = experimentWorker(JSON.parse(process.argv[2]!), new AbortController().signal)

process.on('message', async (job: ExperimentJob) => {
  const answer: WorkerAnswer = await mine
    .then(({ perform }) => perform(job))
    .then(
      (note) => ({ note }),
      (error: unknown) => ({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
  process.send?.(answer)
})
/** The scheduler has ended. */
process.on('disconnect', () => process.exit())
for (const request of ['SIGINT', 'SIGTERM']) process.on(request, () => undefined) // they reach the whole group; the scheduler decides
