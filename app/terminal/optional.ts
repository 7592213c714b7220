/** Packages that only some commands need. They are optional peers, installed by users of these commands. */
import { UnavailableError } from './errors.ts'

/**
 * The module, loaded now: `optional(() => import('linkedom'), 'linkedom', 'a picture')`.
 * @throws UnavailableError with the command that installs the packages
 */
export const optional = async <Module>(load: () => Promise<Module>, packages: string, purpose: string): Promise<Module> => {
  try {
    return await load()
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
    if (!missing || !packages.split(' ').some((name) => error.message.includes(`'${name}'`))) throw error
    throw new UnavailableError(`${purpose} needs what is not installed: npm install ${packages}`)
  }
}

/** What draws a picture. */
export const pictures = '@observablehq/plot linkedom @resvg/resvg-js'
