/** The tests of spec/models, in one process. */
import { together } from './folder.ts'

await together('models')
