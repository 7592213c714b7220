/** Importing, as the rest of halograd sees it. */

export { presetNamed, presetOf } from './detect.ts'
export { type Import, type ImportOptions, importing } from './importing.ts'
export type { Summary } from './log.ts'
export type { Reading } from './making.ts'
export type { Field, Mapping, Preset } from './mapping.ts'
export { pathOf } from './paths.ts'
export { type NamedPreset, presets, recognise } from './recognise.ts'
export { type Writer, writersOf } from './write.ts'
