/**
 * halograd/halos: human-aware losses. Start with `halo.ts` (what a HALO is) and `loss.ts` (what a trainer sees of it);
 * `losses/` holds the catalogue, a file a loss.
 */
export * from './affine.ts'
export * from './algebra.ts'
export * from './cases.ts'
export * from './catalogue.ts'
export * from './evidence.ts'
export * from './family.ts'
export * from './flaw.ts'
export * from './halo.ts'
export * from './loss.ts'
export * from './losses/dpo.ts'
export * from './losses/kto.ts'
export * from './losses/sft.ts'
export * from './prove.ts'
export * from './reference.ts'
export * from './reward.ts'
export * from './source.ts'
export * from './stated.ts'
export * from './upstream.ts'
export * from './value.ts'
