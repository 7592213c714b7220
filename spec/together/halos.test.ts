/** The tests of spec/halos, in one process. */
import { together } from './folder.ts'

await together('halos')
