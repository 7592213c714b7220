/**
 * A system BLAS on the memory of the WebAssembly backend, without copies. In Node only, and only where koffi and a BLAS are found.
 * Plain JavaScript, because workers load this file by its address.
 */
import koffi from 'koffi'

/** What to look for, in this order: OpenBLAS, MKL, Apple's Accelerate. */
const libraries = [
  'libopenblas.so.0',
  'libopenblas.so',
  'libmkl_rt.so',
  '/System/Library/Frameworks/Accelerate.framework/Accelerate',
  'libopenblas.dll',
]

/** The first library that is here, or undefined. */
export const found = () =>
  libraries.find((name) => {
    try {
      koffi.load(name)
      return true
    } catch {
      return false
    }
  })

/** Below so many multiplications the call costs more than it saves. */
const little = 1 << 14

/**
 * What takes the place of services of the runtime, for one thread: `gemm` with its arguments (addresses and strides in bytes), of which what
 * BLAS cannot express, or is not worth the call, goes to the runtime's own; and `pack`, as BLAS packs by itself.
 */
export const products = (library, memory, gemm) => {
  const blas = koffi.load(library)
  try {
    blas.func('void openblas_set_num_threads(int n)')(1) // the backend's threads are the threads
  } catch {
    // another BLAS: its threads are set by its environment variables
  }
  const sgemm = blas.func(
    'void cblas_sgemm(int order, int ta, int tb, int m, int n, int k, float alpha, uintptr_t a, int lda, uintptr_t b, int ldb, float beta, uintptr_t c, int ldc)',
  )
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
