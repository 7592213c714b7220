/** Whom we are compared with, how to start them, and what to install when they are not here. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import type { Wish } from '../inputs/backends.ts'
import type { ContestantCommand } from './contest.ts'
import { file, script } from './processes.ts'

export const peerNames = ['pytorch', 'jax-js', 'jax-js-webgpu', 'gpujs-webgpu'] as const
export type PeerName = (typeof peerNames)[number]
export interface Absent {
  readonly absent: string
}

/** What contestants do: train a GPT-2, or align a checkpoint. */
type PeerTask = 'train' | 'align'

/** Halograd itself, on the problem in `directory`. `flags`: of Node. */
export const ourselves = (
  directory: string,
  wish: Wish,
  threads: number,
  flags: readonly string[] = [],
  task: PeerTask = 'train',
): ContestantCommand => ({
  name: 'halograd',
  threads,
  ...script(task === 'train' ? './contestants/halograd.ts' : './contestants/align.ts', [directory, JSON.stringify(wish)], flags),
})

export const peer = (name: PeerName, directory: string, threads: number, task: PeerTask = 'train'): Promise<ContestantCommand | Absent> =>
  peers[name](directory, threads, task)

/**
 * Debian's PyTorch with the OpenBLAS that uses OpenMP, as PyTorch itself does: with the other one, the two pools of threads fight for the cores.
 * Variables that make OpenBLAS choose slower kernels are removed.
 */
const pytorch = async (directory: string, threads: number, task: PeerTask): Promise<ContestantCommand | Absent> => {
  const python = process.env.HALOGRAD_PYTHON ?? (existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3')
  const missing = await promisify(execFile)(python, [
    '-c',
    'import importlib.util, sys; sys.exit(importlib.util.find_spec("torch") is None)',
  ]).then(
    () => false,
    () => true,
  )
  if (missing)
    return {
      absent: `${python} has no torch: apt-get install python3-torch libopenblas0-openmp (or name a Python that has it in HALOGRAD_PYTHON)`,
    }
  const openmp = openBlas.find((folder) => existsSync(folder))
  if (threads > 1 && openmp === undefined && process.env.HALOGRAD_PYTHON === undefined)
    return { absent: "with several threads, Debian's PyTorch needs the OpenMP build of OpenBLAS: apt-get install libopenblas0-openmp" }
  const paths = [
    ...(openmp === undefined ? [] : [openmp]),
    ...(process.env.LD_LIBRARY_PATH === undefined ? [] : [process.env.LD_LIBRARY_PATH]),
  ]
  return {
    name: 'pytorch',
    program: python,
    args: [file(task === 'train' ? './contestants/pytorch.py' : './contestants/align.py'), directory, `${threads}`],
    threads,
    environment: {
      LD_LIBRARY_PATH: paths.length === 0 ? undefined : paths.join(':'),
      OMP_NUM_THREADS: `${threads}`,
      OPENBLAS_NUM_THREADS: `${threads}`,
      OPENBLAS_CORETYPE: undefined,
      OPENBLAS_L2_SIZE: undefined,
    },
  }
}
const openBlas = ['x86_64', 'aarch64'].map((machine) => `/usr/lib/${machine}-linux-gnu/openblas-openmp`)

const jaxjs =
  (device: 'wasm' | 'webgpu') =>
  async (directory: string, threads: number): Promise<ContestantCommand | Absent> => {
    try {
      import.meta.resolve('@jax-js/jax')
    } catch {
      return { absent: 'npm install --no-save @jax-js/jax@0.1.25' }
    }
    const relaxed = Number(process.versions.node.split('.')[0]) < 22 ? ['--experimental-wasm-relaxed-simd'] : []
    const name = device === 'wasm' ? 'jax-js' : 'jax-js webgpu'
    return { name, threads, ...script('./contestants/jaxjs.ts', [directory, `${threads}`, device], relaxed) }
  }

/** Our other way to a GPU. */
const gpujs = async (directory: string, threads: number): Promise<ContestantCommand | Absent> => {
  const { probeGpujs } = await import('../../backends/gpujs/index.ts')
  const found = await probeGpujs('webgpu')
  return found.available
    ? { ...ourselves(directory, { backend: 'gpujs', mode: 'webgpu' }, threads), name: 'gpujs webgpu' }
    : { absent: found.reason }
}

const peers: { readonly [N in PeerName]: (directory: string, threads: number, task: PeerTask) => Promise<ContestantCommand | Absent> } = {
  pytorch,
  'jax-js': jaxjs('wasm'),
  'jax-js-webgpu': jaxjs('webgpu'),
  'gpujs-webgpu': gpujs,
}
