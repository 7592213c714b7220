/** `npm run theorems`: puts the verdicts on the catalogue into docs/theory.md. */
import { readFile, writeFile } from 'node:fs/promises'
import { catalogue } from '../halos/index.ts'
import { rulingOf, tableOfVerdicts } from '../halos/internal.ts'

const [opening, closing] = ['<!-- made by spec/write-verdicts.ts -->', '<!-- end of what is made -->']
const file = new URL('../docs/theory.md', import.meta.url)
const text = await readFile(file, 'utf8')
const table = tableOfVerdicts((await catalogue()).map(rulingOf))
const [begin, end] = [text.indexOf(opening), text.indexOf(closing)]
if (begin < 0 || end < begin) throw new Error(`docs/theory.md has no place for the verdicts: expected ${opening} and ${closing}`)
await writeFile(file, `${text.slice(0, begin)}${opening}\n${table}\n${text.slice(end)}`)
