/**
 * Damage, with and without knowledge of what is damaged: bits and pieces of any file; values and keys of JSON; lines of texts; the header of safetensors.
 */
import fc from 'fast-check'

export type Mutation = (bytes: Uint8Array) => Uint8Array

/** Where in a file, as a fraction. */
const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const at = (bytes: Uint8Array, where: number): number => Math.floor(where * bytes.length)
const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

const flip = fc.tuple(place, fc.integer({ min: 1, max: 255 })).map(
  ([where, change]): Mutation =>
    (bytes) => {
      const copy = bytes.slice()
      if (copy.length > 0) copy[at(bytes, where)]! ^= change
      return copy
    },
)
const cut = fc.tuple(place, place).map(
  ([a, b]): Mutation =>
    (bytes) => {
      const [from, to] = [at(bytes, Math.min(a, b)), at(bytes, Math.max(a, b))]
      return joined(bytes.subarray(0, from), bytes.subarray(to))
    },
)
const truncate = place.map(
  (where): Mutation =>
    (bytes) =>
      bytes.slice(0, at(bytes, where)),
)
const repeat = fc.tuple(place, place, fc.integer({ min: 2, max: 50 })).map(
  ([a, b, times]): Mutation =>
    (bytes) => {
      const [from, to] = [at(bytes, Math.min(a, b)), Math.min(at(bytes, Math.max(a, b)), at(bytes, Math.min(a, b)) + 200)]
      return joined(bytes.subarray(0, to), ...Array.from({ length: times }, () => bytes.subarray(from, to)), bytes.subarray(to))
    },
)
const insert = fc.tuple(place, fc.uint8Array({ maxLength: 12 })).map(
  ([where, more]): Mutation =>
    (bytes) => {
      const i = at(bytes, where)
      return joined(bytes.subarray(0, i), more, bytes.subarray(i))
    },
)
/** Numbers that are lengths, counts or offsets somewhere. */
const number = fc
  .tuple(place, fc.constantFrom(0n, 1n, 255n, 0x7fffffffn, 0xffffffffn, 2n ** 40n, 2n ** 53n, 2n ** 63n - 1n), fc.constantFrom(1, 4, 8))
  .map(
    ([where, value, size]): Mutation =>
      (bytes) => {
        const copy = bytes.slice()
        for (let i = 0; i < size && at(bytes, where) + i < copy.length; i++)
          copy[at(bytes, where) + i] = Number((value >> BigInt(8 * i)) & 255n)
        return copy
      },
  )

export const anyBytes: fc.Arbitrary<Mutation> = fc.oneof(flip, flip, cut, truncate, repeat, insert, number)

// ------------------------------------------------------------------ JSON

type Key = string | number
const deep = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels))
const interesting: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1, 2, 1.5, 1e9, 1e300, 2 ** 53, -0, '', 'x', '\u0000', '__proto__', 'constructor', 'toString', 'NaN'],
  ...['9'.repeat(400), 'x'.repeat(3000), '(a+)+$', '\ud800', '{{', '{% for i in range(1000000000) %}x{% endfor %}'],
  ...[[], {}, [[]], [null], [-1], [1, 2, 3], { type: 'Sequence' }, { type: null }, { Regex: '(' }, deep(900), { id: 1e9, content: 'x' }],
]

/** Every place of a document, as the keys that lead to it. */
const places = (value: unknown, path: readonly Key[] = []): readonly (readonly Key[])[] => {
  if (typeof value !== 'object' || value === null) return [path]
  const keys: readonly Key[] = Array.isArray(value) ? value.slice(0, 50).map((_, i) => i) : Object.keys(value).slice(0, 200)
  return [path, ...keys.flatMap((key) => places((value as Record<Key, unknown>)[key], [...path, key]))]
}

type Change = (parent: Record<Key, unknown>, key: Key) => void
const changes: readonly fc.Arbitrary<Change>[] = [
  fc.constantFrom(...interesting).map(
    (value): Change =>
      (parent, key) => {
        parent[key] = value
      },
  ),
  fc.jsonValue({ maxDepth: 3 }).map(
    (value): Change =>
      (parent, key) => {
        parent[key] = value
      },
  ),
  fc.constant((parent, key) => {
    if (Array.isArray(parent)) parent.splice(Number(key), 1)
    else delete parent[key]
  }),
  fc.constantFrom('__proto__', 'constructor', '', 'type', 'x').map(
    (name): Change =>
      (parent, key) => {
        Object.defineProperty(parent, name, { value: parent[key], enumerable: true, configurable: true, writable: true })
      },
  ),
]

/** One value of a JSON text changed, removed, or put under another name. What is no JSON stays. */
const inJson = fc.tuple(place, fc.oneof(...changes)).map(([where, change]) => (text: string): string => {
  try {
    const root = { document: JSON.parse(text) as unknown }
    const all = places(root.document)
    const path = ['document', ...all[Math.floor(where * all.length)]!]
    let parent: Record<Key, unknown> = root
    for (const key of path.slice(0, -1)) parent = parent[key] as Record<Key, unknown>
    change(parent, path.at(-1)!)
    return JSON.stringify(root.document) ?? ''
  } catch {
    return text
  }
})

const decoder = new TextDecoder()
const encoder = new TextEncoder()

export const json: fc.Arbitrary<Mutation> = fc.oneof(
  {
    weight: 4,
    arbitrary: inJson.map(
      (change): Mutation =>
        (bytes) =>
          encoder.encode(change(decoder.decode(bytes))),
    ),
  },
  { weight: 1, arbitrary: anyBytes },
)

/** A line changed as JSON, doubled, removed, or given another separator or quote. */
export const lines: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, inJson).map(
    ([where, change]): Mutation =>
      (bytes) => {
        const all = decoder.decode(bytes).split('\n')
        const i = Math.floor(where * all.length)
        return encoder.encode([...all.slice(0, i), change(all[i]!), ...all.slice(i + 1)].join('\n'))
      },
  ),
  fc
    .tuple(
      place,
      fc.constantFrom(
        '"',
        ',',
        '\t',
        '\r',
        '\n',
        '\n\n',
        '\u0000',
        '\ufeff',
        '[',
        '{',
        ']',
        '}',
        ':',
        '- ',
        '&a ',
        '*a',
        '!!x ',
        '#',
        '|',
        '>',
      ),
    )
    .map(
      ([where, sign]): Mutation =>
        (bytes) => {
          const text = decoder.decode(bytes)
          const i = Math.floor(where * text.length)
          return encoder.encode(text.slice(0, i) + sign + text.slice(i + 1))
        },
    ),
  anyBytes,
)

/** The header of a safetensors file changed as JSON; its length said right, so that it is looked at. */
export const header: fc.Arbitrary<Mutation> = fc.oneof(
  {
    weight: 3,
    arbitrary: inJson.map(
      (change): Mutation =>
        (bytes) =>
          withHeader(bytes, change),
    ),
  },
  { weight: 1, arbitrary: anyBytes },
)

const withHeader = (bytes: Uint8Array, change: (text: string) => string): Uint8Array => {
  if (bytes.length < 8) return bytes
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  if (length > bytes.length - 8) return bytes
  const text = encoder.encode(change(decoder.decode(bytes.subarray(8, 8 + length))))
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(text.length))
  return joined(size, text, bytes.subarray(8 + length))
}
