/** The public door of models. */
export * from './config.ts'
export * from './errors.ts'
