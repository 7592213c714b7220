/**
 * A native BLAS on the memory of the WebAssembly backend, without copies. In Node only, and only where koffi and a BLAS are found: the system's, or
 * the one that came with numpy or scipy. Plain JavaScript, because workers load this file by its address.
 */
import { readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import koffi from 'koffi'

/** Libraries that the system's loader finds by name, in this order. */
const system = [
  ...[
    'libopenblas.so.0',
    'libopenblas.so',
    'libmkl_rt.so.2',
    'libmkl_rt.so.1',
    'libmkl_rt.so',
    'libblis.so.4',
    'libblis.so.3',
    'libblis.so',
  ],
  ...['/System/Library/Frameworks/Accelerate.framework/Accelerate', '/opt/homebrew/opt/openblas/lib/libopenblas.dylib'],
  ...['libopenblas.dll', 'mkl_rt.2.dll', 'mkl_rt.dll'],
]

/** Entries of a directory; none where there is no such directory. */
const inside = (directory) => {
  try {
    return readdirSync(directory).map((name) => join(directory, name))
  } catch {
    return []
  }
}
/** The site-packages directories of the Pythons that are where Pythons usually are, the active environment first. */
const sitePackages = () => {
  const { VIRTUAL_ENV, CONDA_PREFIX, PYENV_ROOT = join(homedir(), '.pyenv'), LOCALAPPDATA } = process.env
  const roots = [
    VIRTUAL_ENV,
    CONDA_PREFIX,
    join(homedir(), '.local'),
    ...inside(join(PYENV_ROOT, 'versions')),
    '/usr/local',
    '/usr',
    '/opt/homebrew',
  ]
  const windows = LOCALAPPDATA === undefined ? [] : inside(join(LOCALAPPDATA, 'Programs', 'Python'))
  const unix = roots
    .filter((root) => root !== undefined)
    .flatMap((root) => inside(join(root, 'lib')).filter((path) => /python3[\d.]*$/.test(path)))
  return [...unix, ...windows.map((root) => join(root, 'Lib'))].flatMap((lib) => [join(lib, 'site-packages'), join(lib, 'dist-packages')])
}
/** The OpenBLAS libraries that wheels of numpy and scipy carry. */
const bundled = () =>
  sitePackages()
    .flatMap((site) => ['scipy.libs', 'numpy.libs', join('scipy', '.dylibs'), join('numpy', '.dylibs')].map((folder) => join(site, folder)))
    .flatMap(inside)
    .filter((path) => /openblas[^/\\]*$/.test(path))

/** How builds of a BLAS call its functions: scipy's has a prefix, and one whose integers have 64 bits a suffix. */
const spellings = ['', 'scipy_'].flatMap((prefix) =>
  ['', '64_'].map((suffix) => ({ name: (f) => `${prefix}${f}${suffix}`, integer: suffix === '' ? 'int' : 'int64_t' })),
)
/** What makes a BLAS compute on the thread that calls it: the backend's threads are the threads. */
const single = (name, integer) => [
  `void ${name('openblas_set_num_threads')}(int n)`,
  'void MKL_Set_Num_Threads(int n)',
  'void bli_thread_set_num_threads(int64_t n)',
  `int BLASSetThreading(${integer} n)`,
]

/** cblas_sgemm of a library, if it has one. Where its threads cannot be set, environment variables do. */
const opened = (library) => {
  const blas = koffi.load(library)
  for (const { name, integer: int } of spellings)
    try {
      const sgemm = blas.func(
        `void ${name('cblas_sgemm')}(int order, int ta, int tb, ${int} m, ${int} n, ${int} k, float alpha, uintptr_t a, ${int} lda, uintptr_t b, ${int} ldb, float beta, uintptr_t c, ${int} ldc)`,
      )
      for (const declaration of single(name, int))
        try {
          blas.func(declaration)(1)
        } catch {
          // another BLAS
        }
      return sgemm
    } catch {
      // spelled otherwise
    }
  return undefined
}
const usable = (library) => {
  try {
    return opened(library) !== undefined
  } catch {
    return false
  }
}

/** The first library that is here, or undefined. */
export const found = (names = system) => names.find(usable) ?? bundled().find(usable)

/** Below so many multiplications the call costs more than it saves. */
const little = 1 << 14

/**
 * What takes the place of services of the runtime, for one thread: `gemm` with its arguments (addresses and strides in bytes), of which what
 * BLAS cannot express, or is not worth the call, goes to the runtime's own; and `pack`, as BLAS packs by itself.
 */
export const products = (library, memory, gemm) => {
  const sgemm = opened(library)
  // returns its first argument: the only way to learn where a shared memory lies
  const memmove = koffi
    .load(process.platform === 'darwin' ? 'libSystem.dylib' : 'libc.so.6')
    .func('uintptr_t memmove(void *a, void *b, size_t n)')
  let buffer
  let base = 0
  const [rowMajor, plain, transposed] = [101, 111, 112]
  const product = (m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, cRow, cColumn, accumulate, workspace) => {
    const fits = cColumn === 4 && (aColumn === 4 || aRow === 4) && (bColumn === 4 || bRow === 4) && cRow >= 4 * n
    if (!fits || m * n * k < little || m === 0 || n === 0)
      return gemm(m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, cRow, cColumn, accumulate, workspace)
    if (memory.buffer !== buffer) {
      buffer = memory.buffer
      const bytes = new Uint8Array(buffer)
      base = Number(memmove(bytes, bytes, 0))
    }
    const [ta, lda] = aColumn === 4 ? [plain, Math.max(aRow / 4, k)] : [transposed, Math.max(aColumn / 4, m)]
    const [tb, ldb] = bColumn === 4 ? [plain, Math.max(bRow / 4, n)] : [transposed, Math.max(bColumn / 4, k)]
    const at = (address) => base + (address >>> 0)
    sgemm(rowMajor, ta, tb, m, n, k, 1, at(a), lda, at(b), ldb, accumulate, at(c), cRow / 4)
  }
  return { gemm: product, pack: () => {} }
}
