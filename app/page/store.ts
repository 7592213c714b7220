/** State in one place: read it, change a part of it, be told of changes. */

export interface PageStore<S> {
  readonly get: () => S
  readonly set: (change: Partial<S>) => void
  readonly subscribe: (listener: () => void) => void
}

export const store = <S extends object>(initial: S): PageStore<S> => {
  let state = initial
  const listeners: (() => void)[] = []
  return {
    get: () => state,
    set: (change) => {
      state = { ...state, ...change }
      for (const listener of listeners) listener()
    },
    subscribe: (listener) => void listeners.push(listener),
  }
}
