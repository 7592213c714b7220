/** Writes an export of Open WebUI's feedback, of as many ratings as are asked for: `node --import tsx spec/app/write-feedback.ts FILE 24`. */
import { writeFileSync } from 'node:fs'
import { feedbackOfOpenWebui } from './open-webui.ts'

const [file = '', count = '24'] = process.argv.slice(2)
writeFileSync(file, JSON.stringify(Array.from({ length: Number(count) }, (_, i) => feedbackOfOpenWebui(i))))
