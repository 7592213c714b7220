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

/** A module over an imported memory `host.memory`. */
export const module = ({ pages, shared }: MemoryType): Module => {
  const signatures = new Map<string, number>()
  const typeSection = bytes()
  const typeOf = (params: Signature, result: Type | 'nothing'): number => {
    const key = `${params.join()}>${result}`
    const known = signatures.get(key)
    if (known !== undefined) return known
    byte(typeSection, 0x60)
    unsigned(typeSection, params.length)
    for (const param of params) byte(typeSection, types[param])
    if (result === 'nothing') byte(typeSection, 0)
    else emit(typeSection, 1, types[result])
    signatures.set(key, signatures.size)
    return signatures.size - 1
  }
  const [imports, functions, globals, exports, codes] = [bytes(), bytes(), bytes(), bytes(), bytes(1 << 16)]
  const counts = { imports: 1, functions: 0, exports: 0 }
  const vectors = new Map<string, number>()
  /** The global that holds a constant vector. It is mutable, so that V8 takes it for a variable. */
  const globalOf = (words: readonly number[]): number => {
    const key = words.join()
    const known = vectors.get(key)
    if (known !== undefined) return known
    emit(globals, types.v128, 1, 0xfd, 0x0c)
    for (const each of words) word(globals, each)
    emit(globals, 0x0b)
    vectors.set(key, vectors.size)
    return vectors.size - 1
  }
  const spare = (): number => globalOf([0, 0, 0, 0]) // no constant is all zeros
  text(imports, 'host')
  text(imports, 'memory')
  emit(imports, 2, shared ? 3 : 1)
  unsigned(imports, 1)
  unsigned(imports, pages)

  return {
    import: (name, params) => {
      text(imports, 'host')
      text(imports, name)
      byte(imports, 0)
      unsigned(imports, typeOf(params, 'nothing'))
      return calling(counts.imports++ - 1)
    },
    define: (name, params, body, result) => {
      const own: Type[] = []
      const locals: Locals = (type) => local(params.length + own.push(type) - 1)
      // V8 makes a constant vector again, from its halves, wherever it is used, even in a loop (a third of the time of exp): they are
      // fetched into locals once, on entry. All zeros and all ones are made in one instruction.
      const constants = new Map<number, number>()
      const constant = (words: readonly number[]): number | undefined => {
        const [first] = words
        if ((first === 0 || first === -1) && words.every((x) => x === first)) return undefined
        const global = globalOf(words)
        const known = constants.get(global) ?? params.length + own.push('v128') - 1
        constants.set(global, known)
        return known
      }
      const code = { ...bytes(), constant, spare }
      body(locals, ...parameters(params))(code)
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
      unsigned(codes, function_.length)
      append(codes, function_)
      unsigned(functions, typeOf(params, result ?? 'nothing'))
      const index = counts.imports - 1 + counts.functions++
      if (name !== undefined) {
        text(exports, name)
        byte(exports, 0)
        unsigned(exports, index)
        counts.exports++
      }
      return calling(index)
    },
    binary: () => {
      const out = bytes(codes.length + (1 << 12))
      emit(out, 0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
      section(out, 1, signatures.size, typeSection)
      section(out, 2, counts.imports, imports)
      section(out, 3, counts.functions, functions)
      section(out, 6, vectors.size, globals)
      section(out, 7, counts.exports, exports)
      section(out, 10, counts.functions, codes)
      return finished(out)
    },
  }
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
