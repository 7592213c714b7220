/**
 * Where a value is in a record: a JSONPath (RFC 9535, through json-p3), of which `$.` may be left out. Names between dots are read directly; only they
 * can be written, too.
 *
 *     data.rating      $.choices[0].message      messages[?@.role == 'user'].content      properties['$ai_trace_id']
 */
import { compile, type JSONValue } from 'json-p3'
import { isObject, type Json } from '../../io/fields.ts'

/** What a path leads to, in order; nothing where it leads nowhere. */
export type Path = (record: unknown) => readonly unknown[]

const compiled = new Map<string, Path>()

/** @throws Error for what is no JSONPath */
export const pathOf = (text: string): Path => {
  const known = compiled.get(text)
  if (known !== undefined) return known
  const path = namesOf(text) === undefined ? queried(text) : named(namesOf(text)!)
  compiled.set(text, path)
  return path
}

/** The names of a path that has nothing but names. */
const namesOf = (text: string): readonly string[] | undefined =>
  /^(\$\.)?[\p{L}_][\p{L}\w-]*(\.[\p{L}_][\p{L}\w-]*)*$/u.test(text) ? text.replace(/^\$\./, '').split('.') : undefined

const named =
  (names: readonly string[]): Path =>
  (record) => {
    let value = record
    for (const name of names) {
      if (!isObject(value) || !Object.hasOwn(value, name)) return []
      value = value[name]
    }
    return [value]
  }

const queried = (text: string): Path => {
  const query = compile(text.startsWith('$') ? text : text.startsWith('[') ? `$${text}` : `$.${text}`)
  // What JSON.parse returned, or was made of it.
  return (record) => query.query(record as JSONValue).values()
}

/** Whether a path can be written as well as read. */
export const isWritable = (path: unknown): path is string => typeof path === 'string' && namesOf(path) !== undefined

/** The record with a value at a path that can be written. */
export const withValue = (record: Json, path: string, value: unknown): Json => written(record, namesOf(path) ?? [path], value)

const written = (record: Json, [first, ...rest]: readonly string[], value: unknown): Json => {
  if (first === undefined) return record
  const inner = Object.hasOwn(record, first) ? record[first] : undefined
  return { ...record, [first]: rest.length === 0 ? value : written(isObject(inner) ? inner : {}, rest, value) }
}
