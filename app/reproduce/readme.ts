/** The README's section on what reproduces, made from the results in the repository: `node --import tsx app/reproduce/readme.ts` puts it there. */
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { writeAtomically } from '../../models/index.ts'
import { duration } from '../cli/progress.ts'
import { type Report, summary } from './report.ts'

const [opening, closing] = ['<!-- made by app/reproduce/readme.ts -->', '<!-- end of what is made -->']

/** Between its markers. */
export const readmeSection = (reports: readonly Report[]): string => {
  const sorted = [...reports].sort((a, b) => a.experiment.localeCompare(b.experiment))
  const seconds = sorted.reduce((sum, { work }) => sum + work.seconds, 0)
  const seeds = Math.min(...sorted.map((each) => each.seeds.length))
  return `${opening}
${summary(sorted)}

${seeds} seeds or more each, from pre-training on; ${duration(seconds)} of processor time in all, counting shared models once an experiment. A claim is
*reproduced* where the 95 % interval of the difference over seeds is on its side, *not reproduced* where it is on the other, and *not separable* otherwise.
${closing}`
}

/** Where there is a section between the markers, this one takes its place. */
const put = async (): Promise<void> => {
  const [results, readme] = ['results/', '../../README.md'].map((path) => fileURLToPath(new URL(path, import.meta.url))) as [string, string]
  const files = (await readdir(results)).filter((file) => file.endsWith('.json'))
  const reports = await Promise.all(files.map(async (file): Promise<Report> => JSON.parse(await readFile(`${results}${file}`, 'utf8'))))
  const text = await readFile(readme, 'utf8')
  const [begin, end] = [text.indexOf(opening), text.indexOf(closing) + closing.length]
  if (begin < 0 || end < begin) throw new Error(`README.md has no place for the results: expected ${opening} and ${closing}`)
  await writeAtomically(readme, text.slice(0, begin) + readmeSection(reports) + text.slice(end))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await put()
