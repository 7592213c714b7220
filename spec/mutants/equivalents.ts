/** Mutants that compute the same as the original, or differ in speed alone, each with the reason. By the key of the mutant. */
export const equivalents: Readonly<Record<string, string>> = {}
