/**
 * A priority queue: what was pushed comes out in order, the greatest first (a binary heap). The package tinyqueue is the same algorithm in as many lines;
 * it would save these thirty and cost every installation and page a package.
 */
export interface PriorityQueue<T> {
  readonly push: (value: T) => void
  /** Removes and returns the greatest. */
  readonly pop: () => T | undefined
}

/** @param compare positive when its first argument is the greater */
export const maxHeap = <T>(compare: (a: T, b: T) => number): PriorityQueue<T> => {
  const values: T[] = []
  const greater = (a: number, b: number): boolean => compare(values[a]!, values[b]!) > 0
  const swap = (a: number, b: number): void => {
    ;[values[a], values[b]] = [values[b]!, values[a]!]
  }
  return {
    push: (value) => {
      let child = values.push(value) - 1
      for (let parent = (child - 1) >> 1; child > 0 && greater(child, parent); parent = (child - 1) >> 1) {
        swap(child, parent)
        child = parent
      }
    },
    pop: () => {
      const greatest = values[0]
      const last = values.pop()
      if (values.length === 0 || last === undefined) return greatest
      values[0] = last
      for (let parent = 0; ; ) {
        const [left, right] = [2 * parent + 1, 2 * parent + 2]
        if (left >= values.length) return greatest
        const child = right < values.length && greater(right, left) ? right : left
        if (!greater(child, parent)) return greatest
        swap(child, parent)
        parent = child
      }
    },
  }
}
