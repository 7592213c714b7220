/** The tests of spec/models-io, in one process. */
import { together } from './folder.ts'

await together('models-io')
