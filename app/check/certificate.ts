/**
 * The format of certificates, and its reader, which lets nothing pass that it does not know. Numbers are doubles, taken exactly; ±∞ are "inf"
 * and "-inf". A range is [low, high], or [low, high, "nonzero"] without 0.
 *
 *     { format, version, loss, verdict, settings: { beta: range }, nodes: [["leaf", "z"], ["constant", 2], ["mul", 1, 0], …],
 *       parts: { value: 2, … }, claims: [{ part, claim, in, domain: { z: range }, boxes: [{ box: [range], enclosure: range }] }],
 *       refutation: null or { lemma, in: [leaf], at: { leaf: range }, points: [range], enclosures: [range] }, uncertified: [text] }
 */
import { ensure, exactly, interval, type RationalInterval } from './interval.ts'
import { arity, type CertificateNode } from './jet.ts'

const must = <A>(x: A, holds: boolean, otherwise: string): A => {
  ensure(holds, otherwise)
  return x
}
type FieldReader<A> = (x: unknown, where: string) => A
const text: FieldReader<string> = (x, where) => must(typeof x === 'string' ? x : '', typeof x === 'string', `${where} is no text`)
const record: FieldReader<Readonly<Record<string, unknown>>> = (x, where) => {
  ensure(typeof x === 'object' && x !== null && !Array.isArray(x) && !Object.keys(x).some((key) => key in {}), `${where} is no object`)
  return x as Readonly<Record<string, unknown>> // JSON has no other objects
}
const list =
  <A>(item: FieldReader<A>): FieldReader<readonly A[]> =>
  (x, where) =>
    must(Array.isArray(x) ? x : [], Array.isArray(x), `${where} is no list`).map((y, i) => item(y, `${where}[${i}]`))
const table =
  <A>(item: FieldReader<A>): FieldReader<Readonly<Record<string, A>>> =>
  (x, where) =>
    Object.fromEntries(Object.entries(record(x, where)).map(([key, y]) => [key, item(y, `${where}.${key}`)]))
/** Exactly these fields. */
const fields =
  <A>(readers: { readonly [K in keyof A]: FieldReader<A[K]> }): FieldReader<A> =>
  (x, where) => {
    const [given, names] = [record(x, where), Object.keys(readers) as (keyof A & string)[]]
    const odd = [...Object.keys(given).filter((key) => !Object.hasOwn(readers, key)), ...names.filter((key) => !Object.hasOwn(given, key))]
    ensure(odd.length === 0, `${where}: unknown or missing: ${odd.join(', ')}`)
    return Object.fromEntries(names.map((key) => [key, readers[key](given[key], `${where}.${key}`)])) as A // field by field, as typed
  }
const number: FieldReader<number> = (x, where) =>
  must(typeof x === 'number' ? x : 0, typeof x === 'number' && Number.isFinite(x), `${where} is no finite number`)
const end: FieldReader<number> = (x, where) => (x === 'inf' ? Infinity : x === '-inf' ? -Infinity : number(x, where))
const range: FieldReader<RationalInterval> = (x, where) => {
  ensure(Array.isArray(x) && (x.length === 2 || (x.length === 3 && x[2] === 'nonzero')), `${where} is no range`)
  const [low, high] = [end(x[0], where), end(x[1], where)]
  ensure(low <= high && low < Infinity && high > -Infinity, `${where} is empty`)
  ensure(x.length === 2 || (low === 0) !== (high === 0), `${where}: only an end that is 0 can be left out`)
  return interval(exactly(low), exactly(high), x.length === 3)
}
const node: FieldReader<CertificateNode> = (x, where) => {
  ensure(Array.isArray(x) && typeof x[0] === 'string', `${where} is no node`)
  const [op, ...args] = x as [string, ...unknown[]]
  if (op === 'leaf' && args.length === 1 && !(String(args[0]) in {})) return [op, text(args[0], where)]
  if (op === 'constant' && args.length === 1) return [op, number(args[0], where)]
  const own = Number(/\d+(?=\]$)/.exec(where))
  const earlier = args.every((i) => Number.isInteger(i) && Number(i) >= 0 && Number(i) < own)
  ensure(earlier && Object.hasOwn(arity, op) && arity[op] === args.length, `${where}: no operation on earlier nodes`)
  return x as unknown as CertificateNode // as just found
}
const claim = fields({
  ...{ part: text, claim: text, in: text, domain: table(range) },
  boxes: list(fields({ box: list(range), enclosure: range })),
})
const refutation = fields({ lemma: text, in: list(text), at: table(range), points: list(range), enclosures: list(range) })
const certificate = fields({
  ...{ format: text, version: number, loss: text, verdict: text, settings: table(range) },
  ...{ nodes: list(node), parts: table(number), claims: list(claim), uncertified: list(text) },
  refutation: (x, where) => (x === null ? undefined : refutation(x, where)),
})
export type ParsedClaim = ReturnType<typeof claim>
export type ParsedRefutation = ReturnType<typeof refutation>
export type ParsedCertificate = ReturnType<typeof certificate>

/** @throws Rejected what is no certificate */
export const read = (json: unknown): ParsedCertificate => certificate(json, 'certificate')
