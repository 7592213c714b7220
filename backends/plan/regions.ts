/** Which buffers of a program share memory: those of the arena by where they lie in it, a donated input and the output that takes it over. */
import type { Program } from './program.ts'

/** A part of memory: of the arena (array −1), or of an input or output. */
export interface Region {
  readonly array: number
  readonly from: number
  readonly to: number
}
export const meet = (p: Region, q: Region): boolean => p.array === q.array && p.from < q.to && q.from < p.to

/** Where the buffers of a program lie. A donated input and its output are one array. */
export const regions = ({ buffers, outputs, inputs }: Program): readonly Region[] =>
  buffers.map(({ place, size }) => {
    if (place.in === 'scratch') return { array: -1, from: place.offset, to: place.offset + size }
    const input = place.in === 'input' ? place.index : outputs[place.index]!.donated
    return { array: input ?? inputs.length + place.index, from: 0, to: size }
  })
