/**
 * One text, many readings: that a body computes the same function whatever scalars it is given. A body which looks at its argument, or at
 * the language, instead of applying primitives is found out at points: what its program computes, what it computes itself, what its graph does.
 */
import { either as E } from 'fp-ts'
import { numbers, type Tensor, type Unary, unary } from '../core/index.ts'
import { input, intervals } from '../core/internal.ts'
import { elements } from './element.ts'
import { runProgram, type ScalarProgram, trace } from './program.ts'
import { reasonOf } from './reason.ts'

const points = [0, 1, -1, 0.5, -0.5, 2, -2, 3.7, -3.7, 10, -10, 1e-3, -1e-3, 37, -37, 300, -300, 1e4, -1e4]
const close = (x: number, y: number): boolean =>
  Object.is(x, y) || x === y || Math.abs(x - y) <= 1e-9 * Math.max(Math.abs(x), Math.abs(y)) + 1e-300

/** How two readings of a body differ, if they do. */
export const readingsDiffer = (body: Unary): string | undefined => {
  const program = E.flatMap(
    (first: ScalarProgram) =>
      E.flatMap(
        (again: ScalarProgram): E.Either<string, ScalarProgram> =>
          JSON.stringify(first) === JSON.stringify(again) ? E.right(first) : E.left('it is another text each time that it is read'),
      )(trace(body as never, ['z'])), // a body of one argument
  )(trace(body as never, ['z']))
  if (E.isLeft(program)) return program.left
  try {
    const graph = unary(body)(input('z', { example: 1 }) as Tensor<'example'>)
    for (const z of points) {
      const expected = runProgram(program.right, numbers, { z })
      const computed: Readonly<Record<string, number>> = {
        'at numbers': body(numbers)(z),
        'as a graph': elements(numbers, () => z)(graph, { example: 0 }),
      }
      for (const [reading, y] of Object.entries(computed))
        if (!close(y, expected)) return `it is another function ${reading} than as a text: ${y}, not ${expected}, at z = ${z}`
      const [low, high, marks = 0] = body(intervals)([z, z])
      if (marks === 0 && Number.isFinite(expected) && !(low <= expected && expected <= high))
        return `it is another function at intervals than as a text: between ${low} and ${high}, not ${expected}, at z = ${z}`
    }
  } catch (error) {
    return `it throws: ${reasonOf(error)}`
  }
  return undefined
}
