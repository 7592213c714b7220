/** The tests of spec/check, in one process. */
import { together } from './folder.ts'

await together('check')
