/** `npm run theorems`: puts the table of theorems into the README. */
import { putSection } from '../app/terminal/readme.ts'
import { maker, tableOf, theorems } from './theorem.ts'

await putSection(maker, await tableOf(await theorems()))
