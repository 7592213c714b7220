/** halograd/core: the language. Read the files in this order. */

export * from './definitions.ts'
export * from './evaluate.ts'
export * from './grad.ts'
export * from './interval.ts'
export * from './lift.ts'
export * from './ops.ts'
export * from './print.ts'
export * from './random.ts'
export * from './scalar.ts'
export * from './tensor.ts'
export * from './tree.ts'
export * from './types.ts'
