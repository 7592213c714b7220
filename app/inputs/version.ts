/** Which halograd this is. */
import { createRequire } from 'node:module'

export const version = (): string => {
  const description: { readonly version: string } = createRequire(import.meta.url)('halograd/package.json')
  return description.version
}
