/** `npm run theorems`: puts the verdicts on the catalogue into docs/theory.md. */
import { putSection } from '../app/terminal/documents.ts'
import { catalogue, rulingOf, tableOfVerdicts } from '../halos/index.ts'

await putSection('docs/theory.md', 'spec/write-verdicts.ts', tableOfVerdicts((await catalogue()).map(rulingOf)))
