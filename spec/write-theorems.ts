/** `npm run theorems`: writes the table of theorems into docs/theory.md. */
import { putSection } from '../app/terminal/documents.ts'
import { maker, tableOf, theorems } from './theorem.ts'

await putSection('docs/theory.md', maker, await tableOf(await theorems()))
