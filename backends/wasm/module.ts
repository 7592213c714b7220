/** WebAssembly functions and modules: typed parameters, typed locals, functions that are called like functions. */
import { append, type ByteList, byte, bytes, finished, text, unsigned, word } from './bytes.ts'
import { type Local, type Locals, local } from './control.ts'
import { type Code, type Type, types } from './instructions.ts'

type Signature = readonly Type[]
type Callable<P extends Signature, R extends Type | 'nothing'> = (...args: { readonly [K in keyof P]: Code<P[K]> }) => Code<R>
const calling =
  <P extends Signature, R extends Type | 'nothing'>(index: number): Callable<P, R> =>
  (...args) =>
  (out) => {
    for (const arg of args) arg(out)
    byte(out, 0x10)
    unsigned(out, index)
  }

export interface Module {
  /** A function of the host. Imports come before definitions. */
  readonly import: <const P extends Signature>(name: string, params: P) => Callable<P, 'nothing'>
  /** Write a function, and get the way to call it. Exported if it has a name. */
  readonly define: <const P extends Signature, R extends Type | 'nothing' = 'nothing'>(
    name: string | undefined,
    params: P,
    body: (locals: Locals, ...params: { [K in keyof P]: Local<P[K]> }) => Code<R>,
    result?: R,
  ) => Callable<P, R>
  readonly binary: () => Uint8Array<ArrayBuffer>
}
export interface MemoryType {
  readonly pages: number
  readonly shared: boolean
}

/** One local a parameter, in order: the type checker cannot follow `map` over a tuple. */
const parameters = <P extends Signature>(params: P) => params.map((_, i) => local(i)) as { [K in keyof P]: Local<P[K]> }

/** A module that is being written: its sections, and how many entries each has. */
interface ModuleState {
  readonly types: ByteList
  readonly imports: ByteList
  readonly functions: ByteList
  readonly globals: ByteList
  readonly exports: ByteList
  readonly codes: ByteList
  readonly counts: { imports: number; functions: number; exports: number }
  /** The numbers of types of functions, and of the globals that hold constant vectors. */
  readonly signatures: Map<string, number>
  readonly vectors: Map<string, number>
}

/** A module over an imported memory `host.memory`. */
export const module = ({ pages, shared }: MemoryType): Module => {
  const s: ModuleState = {
    ...{ types: bytes(), imports: bytes(), functions: bytes(), globals: bytes(), exports: bytes(), codes: bytes(1 << 16) },
    ...{ counts: { imports: 1, functions: 0, exports: 0 }, signatures: new Map(), vectors: new Map() },
  }
  text(s.imports, 'host')
  text(s.imports, 'memory')
  emit(s.imports, 2, shared ? 3 : 1)
  unsigned(s.imports, 1)
  unsigned(s.imports, pages)
  return {
    import: (name, params) => {
      text(s.imports, 'host')
      text(s.imports, name)
      byte(s.imports, 0)
      unsigned(s.imports, typeOf(s, params, 'nothing'))
      return calling(s.counts.imports++ - 1)
    },
    define: (name, params, body, result) => {
      writeFunction(s, params, (locals) => body(locals, ...parameters(params)))
      unsigned(s.functions, typeOf(s, params, result ?? 'nothing'))
      const index = s.counts.imports - 1 + s.counts.functions++
      if (name !== undefined) exportFunction(s, name, index)
      return calling(index)
    },
    binary: () => {
      const out = bytes(s.codes.length + (1 << 12))
      emit(out, 0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
      section(out, 1, s.signatures.size, s.types)
      section(out, 2, s.counts.imports, s.imports)
      section(out, 3, s.counts.functions, s.functions)
      section(out, 6, s.vectors.size, s.globals)
      section(out, 7, s.counts.exports, s.exports)
      section(out, 10, s.counts.functions, s.codes)
      return finished(out)
    },
  }
}

/** The number of a function's type. */
const typeOf = ({ signatures, types: section }: ModuleState, params: Signature, result: Type | 'nothing'): number => {
  const key = `${params.join()}>${result}`
  const known = signatures.get(key)
  if (known !== undefined) return known
  byte(section, 0x60)
  unsigned(section, params.length)
  for (const param of params) byte(section, types[param])
  if (result === 'nothing') byte(section, 0)
  else emit(section, 1, types[result])
  signatures.set(key, signatures.size)
  return signatures.size - 1
}
/** The global that holds a constant vector. It is mutable, so that V8 takes it for a variable. */
const globalOf = ({ vectors, globals }: ModuleState, words: readonly number[]): number => {
  const key = words.join()
  const known = vectors.get(key)
  if (known !== undefined) return known
  emit(globals, types.v128, 1, 0xfd, 0x0c)
  for (const each of words) word(globals, each)
  emit(globals, 0x0b)
  vectors.set(key, vectors.size)
  return vectors.size - 1
}
const exportFunction = ({ exports, counts }: ModuleState, name: string, index: number): void => {
  text(exports, name)
  byte(exports, 0)
  unsigned(exports, index)
  counts.exports++
}
/**
 * Write the code of a function: its locals, its constants, its body.
 *
 * V8 makes a constant vector again, from its halves, wherever it is used, even in a loop (a third of the time of exp): they are fetched into
 * locals once, on entry. All zeros and all ones are made in one instruction.
 */
const writeFunction = (s: ModuleState, params: Signature, body: (locals: Locals) => Code<Type | 'nothing'>): void => {
  const own: Type[] = []
  const locals: Locals = (type) => local(params.length + own.push(type) - 1)
  const constants = new Map<number, number>()
  const constant = (words: readonly number[]): number | undefined => {
    const [first] = words
    if ((first === 0 || first === -1) && words.every((x) => x === first)) return undefined
    const global = globalOf(s, words)
    const known = constants.get(global) ?? params.length + own.push('v128') - 1
    constants.set(global, known)
    return known
  }
  const spare = (): number => globalOf(s, [0, 0, 0, 0]) // no constant is all zeros
  const code = { ...bytes(), constant, spare }
  body(locals)(code)
  const function_ = bytes()
  unsigned(function_, own.length)
  for (const type of own) emit(function_, 1, types[type])
  for (const [global, index] of constants) {
    byte(function_, 0x23)
    unsigned(function_, global)
    local(index).set(() => {})(function_)
  }
  append(function_, code)
  byte(function_, 0x0b)
  unsigned(s.codes, function_.length)
  append(s.codes, function_)
}
const emit = (out: ByteList, ...values: readonly number[]): void => {
  for (const value of values) byte(out, value)
}
const section = (out: ByteList, id: number, count: number, content: ByteList): void => {
  const body = bytes(content.length + 8)
  unsigned(body, count)
  append(body, content)
  byte(out, id)
  unsigned(out, body.length)
  append(out, body)
}
