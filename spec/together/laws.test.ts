/** The tests of spec/laws, in one process. */
import { together } from './folder.ts'

await together('laws')
