/** One seed for every property: a run is repeated exactly. `HALOGRAD_SEED=n npm test` tries other cases. */
import fc from 'fast-check'

fc.configureGlobal({ seed: Number(process.env.HALOGRAD_SEED ?? 20240202) })
