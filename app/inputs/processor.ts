/** What WebAssembly may use of this processor: each question is a module of a few bytes, valid or not. */

export interface Processor {
  /** 128-bit vectors. */
  readonly simd: boolean
  /** Shared memory and atomic operations. */
  readonly threads: boolean
}

export const processor = (): Processor => ({
  simd: valid(functionType, [3, 2, 1, 0], [10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11]), // i8x16.splat; i8x16.popcnt
  threads: typeof SharedArrayBuffer !== 'undefined' && valid([5, 4, 1, 3, 1, 1]), // a shared memory of one page
})

/** Section 1: one type, () → v128. */
const functionType = [1, 5, 1, 96, 0, 1, 123]

const valid = (...sections: readonly (readonly number[])[]): boolean =>
  WebAssembly.validate(Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()]))
