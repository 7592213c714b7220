/** For tests of what is freed once nobody holds it. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Collects garbage, and lets finalizers run, until it is done, or twenty times. */
export const collect = async (done: () => boolean): Promise<void> => {
  setFlagsFromString('--expose-gc')
  const gc: () => void = runInNewContext('gc') // what the flag exposes
  for (let i = 0; i < 20 && !done(); i++) {
    gc()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
