/** The tests of spec/plan, in one process. */
import { together } from './folder.ts'

await together('plan')
