/** The family of a configuration, and its architecture. */

import { ConfigError } from '../io/errors.ts'
import type { Architecture } from './architecture.ts'
import type { ModelConfig } from './config.ts'
import { modules } from './families.ts'
import { type Family, isFamily } from './family.ts'

/** Every family in `families/`, in alphabetical order of their files. */
export const families: readonly Family[] = Object.values(await modules()).flatMap((module) => Object.values(module).filter(isFamily))

const byKey = new Map(families.map((family) => [family.key, family]))

export const findFamily = (key: unknown): Family | undefined => (typeof key === 'string' ? byKey.get(key) : undefined)

/** @throws ConfigError for a family that halograd does not have */
export const familyOf = ({ family }: Pick<ModelConfig, 'family'>): Family => {
  const found = byKey.get(family)
  if (found !== undefined) return found
  throw new ConfigError({
    ...{ field: 'family', expected: `one of ${[...byKey.keys()].join(', ')}`, found: family },
    advice: 'Use the key of a family that halograd has.',
  })
}

export const architectureOf = (config: ModelConfig): Architecture => familyOf(config).architecture(config)
