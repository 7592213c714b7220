/** The section of docs/reproductions.md on what reproduces, made from the results in the repository: `node --import tsx app/reproduce/readme.ts` puts it there. */
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { putSection } from '../terminal/documents.ts'
import { duration } from '../terminal/progress.ts'
import { type ReproductionReport, summary } from './report.ts'

/** What stands between its comments. */
export const readmeSection = (reports: readonly ReproductionReport[]): string => {
  const sorted = [...reports].sort((a, b) => a.experiment.localeCompare(b.experiment))
  const seconds = sorted.reduce((sum, { work }) => sum + work.seconds, 0)
  const seeds = Math.min(...sorted.map((each) => each.seeds.length))
  const findings = sorted.flatMap((each) => each.findings).length
  return `${summary(sorted)}

${seeds} seeds or more each, from pre-training on; ${duration(seconds)} of processor time in all, counting shared models once an experiment. A claim is
*reproduced* where the 95 % interval of the difference over seeds is on its side, *not reproduced* where it is on the other, and *not separable* otherwise; the ${findings} intervals are not corrected for their number.`
}

const put = async (): Promise<void> => {
  const results = fileURLToPath(new URL('results/', import.meta.url))
  const files = (await readdir(results)).filter((file) => file.endsWith('.json'))
  const reports = await Promise.all(
    files.map(async (file): Promise<ReproductionReport> => JSON.parse(await readFile(`${results}${file}`, 'utf8'))),
  )
  await putSection('docs/reproductions.md', 'app/reproduce/readme.ts', readmeSection(reports))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await put()
