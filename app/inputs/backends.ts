/**
 * Which backends there are, which of them this machine can run, and which one to take: the only place that knows them all.
 * Nothing stands in for anything in silence: what was asked for is taken, or the reason why it cannot be is an error.
 */
import { setFlagsFromString } from 'node:v8'
import type { Backend, Tensor } from '../../core/index.ts'
import { own } from '../../core/internal.ts'
import { UnavailableError, UsageError } from '../terminal/errors.ts'
import { defaultOf, isModule } from './modules.ts'
import { processor } from './processor.ts'

/** One way to run programs, and whether it can be had here. */
export interface Way {
  readonly backend: string
  readonly mode: string
  readonly available: boolean
  /** What it runs on, or why it is absent. */
  readonly detail: string
}

/** What the user asked for. */
export interface Wish {
  readonly backend: string
  readonly mode?: string
  readonly threads?: number
  /** Default: auto, unless the mode is exact. */
  readonly blas?: 'off' | 'auto'
  /** The same bits on every machine. Default: as fast as can be here; then the bits are the same on this machine only. */
  readonly exact?: boolean
}

/** For commands whose numbers are compared from machine to machine: exact, unless a way to be faster was asked for. */
export const exactUnless = <W extends Omit<Wish, 'backend'>>(wish: W): W =>
  wish.mode === undefined && wish.blas === undefined ? { ...wish, exact: true } : wish

const choices = ['mode', 'threads', 'blas'] as const

interface BackendEntry {
  /** Which parts of a wish it can grant; any other is refused. */
  readonly grants: readonly (typeof choices)[number][]
  readonly ways: () => Promise<readonly Way[]>
  readonly open: (wish: Wish) => Promise<Backend> | Backend
}

const entries: Readonly<Record<string, BackendEntry>> = {
  wasm: {
    grants: ['mode', 'threads', 'blas'],
    ways: async () => {
      const { cores, fusable } = await import('../../backends/wasm/index.ts')
      const [{ simd }, threads, fused] = [processor(), await cores(), await fusable()]
      const speed = `SIMD, float32, ${threads === 1 ? '1 thread' : `${threads} threads`}`
      const lacking = 'this engine has no WebAssembly SIMD: use Node 20 or later on x64 or arm64'
      return [
        { backend: 'wasm', mode: 'exact', available: simd, detail: simd ? `${speed}: the same bits everywhere` : lacking },
        {
          backend: 'wasm',
          mode: 'fast',
          available: simd && fused,
          detail: fused
            ? `${speed}, fused multiply-add: faster, other bits elsewhere`
            : 'this engine or processor has no fused multiply-add',
        },
      ]
    },
    open: async ({ threads, ...wish }) => {
      const { wasm } = await import('../../backends/wasm/index.ts')
      const { mode, blas } = await speedOf(wish)
      if (mode !== 'exact' && mode !== 'fast') throw new UsageError(`--mode: wasm has no mode '${mode}'. It has exact and fast`)
      return wasm({ precision: mode, blas, ...(threads === undefined ? {} : { threads }) })
    },
  },
  gpujs: {
    grants: ['mode'],
    ways: async () => (await gpujs()).ways(),
    open: async ({ mode }) => (await gpujs()).open(mode),
  },
  webgpu: {
    grants: ['mode'],
    ways: async () => {
      const found = await (await import('../../backends/webgpu/index.ts')).probeAdapter()
      const detail = found.available ? `${found.description}: kernels of our own, float32` : found.reason
      const untuned = found.available ? 'without measuring which tiles suit the card' : found.reason
      return [
        { backend: 'webgpu', mode: 'tuned', available: found.available, detail },
        { backend: 'webgpu', mode: 'untuned', available: found.available, detail: untuned },
      ]
    },
    open: async ({ mode = 'tuned' }) => {
      if (mode !== 'tuned' && mode !== 'untuned') throw new UsageError(`--mode: webgpu has no mode '${mode}'. It has tuned and untuned`)
      return (await import('../../backends/webgpu/index.ts')).webgpu({ tune: mode === 'tuned' })
    },
  },
  reference: {
    grants: [],
    ways: async () => [
      { backend: 'reference', mode: 'interpreter', available: true, detail: 'float64, plain TypeScript: the meaning of every program' },
    ],
    open: async () => (await import('../../backends/index.ts')).reference(),
  },
}

/** How the wasm backend makes products: by a BLAS where there is one, else with fused multiply-add where there is that; as the plain loop if asked. */
const speedOf = async ({ exact = false, mode, blas }: Omit<Wish, 'backend'>) => {
  const { findBlas, fusable } = await import('../../backends/wasm/index.ts')
  const native = blas ?? (exact || mode !== undefined ? 'off' : 'auto')
  const fast = !exact && blas !== 'auto' && (native === 'off' || (await findBlas()) === undefined) && (await fusable())
  return { mode: mode ?? (fast ? 'fast' : 'exact'), blas: native }
}

/** gpu.js and Dawn are heavy: they are loaded when they are asked for. */
const gpujs = async () => {
  const { gpujs: make, gpujsModes, probeGpujs } = await import('../../backends/gpujs/index.ts')
  return {
    ways: (): Promise<readonly Way[]> =>
      Promise.all(
        gpujsModes.map(async (mode) => {
          const found = await probeGpujs(mode)
          return { backend: 'gpujs', mode, available: found.available, detail: found.available ? found.detail : found.reason }
        }),
      ),
    open: (mode = 'auto') => {
      const known = [...gpujsModes, 'auto' as const].find((name) => name === mode)
      if (known === undefined) throw new UsageError(`--mode: gpujs has no mode '${mode}'. It has ${gpujsModes.join(', ')}, and auto`)
      return make({ mode: known })
    },
  }
}

export const backendNames: readonly string[] = Object.keys(entries)

/** Every way to run programs on this machine, and those that it lacks. */
export const survey = async (): Promise<readonly Way[]> => (await Promise.all(Object.values(entries).map(({ ways }) => ways()))).flat()

/** The BLAS that `--blas auto` would use. */
export const blas = async (): Promise<string | undefined> => (await (await import('../../backends/wasm/index.ts')).findBlas())?.library

/** The adapter of WebGPU, and what it grants; undefined where there is none. */
export const adapter = async () => {
  const { adapterFacts, probeAdapter } = await import('../../backends/webgpu/index.ts')
  return (await probeAdapter()).available ? adapterFacts() : undefined
}

/** What `auto` stands for here. */
export const automatic = async (): Promise<string> => {
  for (const name of ['wasm', 'reference']) if ((await own(entries, name)?.ways())?.some(({ available }) => available)) return name
  throw new UnavailableError('no backend is available on this machine: see `halograd env`')
}

/** A backend, and how it runs. */
export interface OpenedBackend {
  readonly backend: Backend
  /** How it really executes: 'float64 interpreter', 'WebAssembly, 2 threads', … */
  readonly mode: string
}

/**
 * The backend that was asked for: by name, `auto`, or a file that exports one.
 * @throws UnavailableError, UsageError
 */
export const open = async (wish: Wish): Promise<Backend> => {
  const name = wish.backend === 'auto' ? await automatic() : wish.backend
  const faster = [wish.mode === 'fast' && '--mode fast', wish.blas === 'auto' && '--blas auto'].filter((option) => option !== false)
  if (wish.exact && faster.length > 0)
    throw new UsageError(`--exact: the same bits on every machine are not to be had with ${faster.join(' and ')}; leave one of them out`)
  if (isModule(name)) return ownBackend(name)
  const { grants, open: make } = entryOf(name)
  for (const option of choices) {
    const value = wish[option]
    if (value !== undefined && value !== 'off' && !grants.includes(option))
      throw new UsageError(
        `--${option} ${value}: the ${name} backend has no such choice${grants.length === 0 ? '' : `, but --${grants.join(', --')}`}`,
      )
  }
  return make(wish)
}

/** …and announced: what runs, and how it runs a matrix product. */
export const openBackend = async (wish: Wish, announce: (line: string) => void): Promise<OpenedBackend> => {
  // What is traced and planned outlives V8's youngest megabyte, and would be copied four times before that has grown to sixteen.
  setFlagsFromString('--semi-space-growth-factor=16')
  const { compile, dot, rename, tensor, volume } = await import('../../core/index.ts')
  const backend = patient(await open(wish))
  const matrix = { m: 256, k: 256 }
  const product = (x: Tensor<'m' | 'k'>) => dot(x, rename(x, 'm', 'n'), 'k')
  const { mode } = await compile(backend, product).report(tensor(matrix, new Float32Array(volume(matrix))))
  const fast = backend.name === 'wasm' && /,/.test(mode) && wish.mode === undefined && wish.blas === undefined
  const hints = [wish.backend === 'auto' && 'chosen by auto; `halograd env` lists all', fast && '--exact: the same bits on every machine']
  const said = hints.filter((hint) => hint !== false)
  announce(`backend: ${backend.name}, ${mode}${said.length === 0 ? '' : ` (${said.join('; ')})`}`)
  return { backend, mode }
}

/**
 * A backend for whose compilation V8 waits longer (so many bytes of bytecode, rather than the usual) before it compiles a function for speed.
 * Of the hundreds of functions that plan and print a program, most are through before that pays, and meanwhile V8's compiler takes time and
 * memory bandwidth from them.
 */
const patient = (backend: Backend): Backend => ({
  ...backend,
  compile: async (graph) => {
    setFlagsFromString('--interrupt-budget=1000000')
    try {
      return await backend.compile(graph)
    } finally {
      setFlagsFromString(`--interrupt-budget=${132 * 1024}`)
    }
  },
})

const entryOf = (name: string): BackendEntry => {
  const entry = own(entries, name)
  if (entry !== undefined) return entry
  throw new UsageError(
    `--backend: there is no backend '${name}'. Known are auto, ${backendNames.join(', ')}; or give a file that exports one, such as ./my-backend/index.ts`,
  )
}

/** The default export of a module: a function that makes a backend. */
const ownBackend = async (file: string): Promise<Backend> => {
  const make = await defaultOf(file, '--backend')
  if (typeof make === 'function') return make()
  throw new UsageError(`--backend: expected ${file} to export by default a function that makes a backend, found ${typeof make}`)
}
