/** What losses are written for. */
export const targets = ['torch'] as const
export type Target = (typeof targets)[number]
