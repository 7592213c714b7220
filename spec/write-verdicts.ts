/** `npm run theorems`: puts the verdicts on the catalogue into docs/theory.md. */
import { putSection } from '../app/terminal/documents.ts'
import { catalogue } from '../halos/index.ts'
import { rulingOf, tableOfVerdicts } from '../halos/internal.ts'

await putSection('docs/theory.md', 'spec/write-verdicts.ts', tableOfVerdicts((await catalogue()).map(rulingOf)))
