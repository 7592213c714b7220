/** halograd/halos: human-aware losses. Start with `halo.ts`. */
export * from './evidence.ts'
export * from './loss.ts'
export * from './source.ts'
