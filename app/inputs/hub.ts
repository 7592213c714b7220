/**
 * `hf:owner/name`: models and data of the Hugging Face hub, downloaded once into the cache that its other programs use, too. A file is in the cache whole
 * or not at all, under the commit that it belongs to; without a network, what is there is used. Who has logged in with Hugging Face's tools, or has set
 * HF_TOKEN, is known to the hub: the token goes there and nowhere else.
 *
 *     ~/.cache/huggingface/hub/models--owner--name/refs/main = <commit>        …/snapshots/<commit>/config.json, model.safetensors, …
 */
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type * as Hub from '@huggingface/hub'
import { readText, writeAtomically } from '../../models/index.ts'
import { exists, readIfThere } from '../../models/internal.ts'
import { AccessError, UnavailableError, UsageError } from '../terminal/errors.ts'

export interface HubOptions {
  /** Told of what takes time. */
  readonly say?: (line: string) => void
  /** The library, loaded when a file or model of the hub is named. */
  readonly load?: () => Promise<typeof Hub>
}

/** What belongs to a model, and what data can be read from. */
const wanted = {
  model:
    /^((config|generation_config|tokenizer|tokenizer_config|adapter_config)\.json|chat_template\.jinja|(adapter_)?model[^/]*\.safetensors(\.index\.json)?)$/,
  dataset: /\.(jsonl|json|csv|tsv)(\.gz)?$|\.parquet$/,
} as const
type HubKind = keyof typeof wanted

/**
 * Where a model or a data file is on this machine: `name` itself, or for `hf:owner/name`, optionally `hf:owner/name@revision/path/to/file.jsonl`,
 * where it was downloaded to.
 * @throws UsageError, UnavailableError, FileError; AccessError where a token is missing, or has no access
 */
export const localPath = async (name: string, kind: HubKind, options: HubOptions = {}): Promise<string> => {
  if (!name.startsWith('hf:')) return name
  const [, repository, revision = 'main', path] = /^hf:([\w.-]+\/[\w.-]+)(?:@([\w.-]+))?(?:\/(.+))?$/.exec(name) ?? []
  if (repository === undefined || (kind === 'model' && path !== undefined) || (path !== undefined && !inside(path)))
    throw new UsageError(`${name}: expected hf:owner/name${kind === 'dataset' ? ', perhaps with the path of a file in it' : ''}`)
  const folder = join(cache(), `${kind}s--${repository.replace('/', '--')}`)
  const snapshot = await refreshed(name, { kind, repository, revision, path, folder }, options).catch(async (error: unknown) => {
    const known = join(folder, 'refs', revision)
    if (!(error instanceof Unreachable) || !(await exists(known))) throw error
    options.say?.(`warning: ${error.message}; what was downloaded before is used`)
    return join(folder, 'snapshots', (await readText(known)).trim())
  })
  return kind === 'model' ? snapshot : join(snapshot, onlyFile(name, path, await readdir(snapshot, { recursive: true })))
}

/** Where Hugging Face's own libraries keep things, with their variables. */
const home = (): string => process.env.HF_HOME ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'huggingface')
const cache = (): string => process.env.HF_HUB_CACHE ?? join(home(), 'hub')

/** An access token, and where it was found. Its value is never printed. */
interface HubToken {
  readonly accessToken: string
  readonly origin: string
}

/** @throws FileError; UsageError for what is none */
const findToken = async (): Promise<HubToken | undefined> => {
  const file = process.env.HF_TOKEN_PATH ?? join(home(), 'token')
  const given = process.env.HF_TOKEN?.trim()
  const [accessToken, origin] = given ? [given, 'HF_TOKEN'] : [(await readIfThere(file))?.trim(), file]
  if (!accessToken) return undefined
  if (accessToken.startsWith('hf_')) return { accessToken, origin }
  throw new UsageError(`${origin}: expected a token of Hugging Face (hf_…), found something else. Correct or remove it`)
}

interface HubPlace {
  readonly kind: HubKind
  readonly repository: string
  readonly revision: string
  readonly path: string | undefined
  readonly folder: string
}

/** The hub did not answer. */
class Unreachable extends UnavailableError {}

/** The folder with the files of the revision that are wanted, as the hub has it now. */
const refreshed = async (
  name: string,
  { kind, repository, revision, path, folder }: HubPlace,
  { say, load = () => import('@huggingface/hub') }: HubOptions,
): Promise<string> => {
  const hub = await load().catch(() => {
    throw new UnavailableError(`${name}: names on the hub need @huggingface/hub: npm install @huggingface/hub@2.17.5`)
  })
  const hubUrl = process.env.HF_ENDPOINT ?? 'https://huggingface.co'
  const repo = { type: kind, name: repository }
  const token = await findToken()
  const there = { hubUrl, ...(token && { accessToken: token.accessToken }) }
  try {
    const asked = { name: repository, revision, ...there, additionalFields: ['sha' as const] }
    const { sha } = kind === 'model' ? await hub.modelInfo(asked) : await hub.datasetInfo(asked)
    const snapshot = join(folder, 'snapshots', sha)
    const sizes = new Map<string, number>()
    for await (const { type, path: file, size } of hub.listFiles({ repo, revision: sha, recursive: kind === 'dataset', ...there }))
      if (type === 'file' && wanted[kind].test(file) && inside(file)) sizes.set(file, size)
    for (const file of kind === 'model' ? sizes.keys() : [onlyFile(name, path, [...sizes.keys()])]) {
      if (await exists(join(snapshot, file))) continue
      say?.(`downloading ${name}: ${file} (${(sizes.get(file)! / 1e6).toFixed(1)} MB)`)
      const content = await hub.downloadFile({ repo, path: file, revision: sha, ...there })
      if (content !== null) await keep(join(snapshot, file), content)
    }
    if (revision !== sha) await writeAtomically(join(folder, 'refs', revision), sha)
    return snapshot
  } catch (error) {
    if (error instanceof hub.HubApiError && [401, 403].includes(error.statusCode))
      throw new AccessError(`${name}: ${hubUrl} answers ${error.statusCode}. ${missing(token, hubUrl, repo)}`)
    if (error instanceof hub.HubApiError) throw new UnavailableError(`${name}: ${hubUrl} answers ${meaning(error, kind)}`)
    // What fetch says when there is no network.
    if (error instanceof TypeError) throw new Unreachable(`${name}: ${hubUrl} cannot be reached (${error.cause ?? error.message})`)
    throw error
  }
}

/** Without a token, the hub says of what is private, and of what does not exist, the same as of what is gated. */
const missing = (
  token: HubToken | undefined,
  hubUrl: string,
  { type, name }: { readonly type: HubKind; readonly name: string },
): string => {
  const page = `${hubUrl}/${type === 'dataset' ? 'datasets/' : ''}${name}`
  return token === undefined
    ? `There is no token: if this ${type} exists, it is gated or private. Set HF_TOKEN to one of ${hubUrl}/settings/tokens (or \`hf auth login\`), and ask for access at ${page}`
    : `The token of ${token.origin} has no access to this ${type}: ask for it at ${page}, and see at ${hubUrl}/settings/tokens that the token is valid and may read gated repositories`
}

const meaning = ({ statusCode, message }: Hub.HubApiError, kind: HubKind): string =>
  statusCode === 404
    ? `${statusCode}: no such ${kind} or revision, or one that needs permission. Check the name, or download it yourself and give its path`
    : message

/** A path may not lead out of the folder that it is put into. */
const inside = (path: string): boolean => !isAbsolute(path) && !path.split(/[\\/]/).includes('..')

const keep = async (path: string, content: Blob): Promise<void> => {
  const staged = `${path}.${process.pid}.incomplete`
  await mkdir(dirname(path), { recursive: true })
  try {
    await pipeline(Readable.from(content.stream()), createWriteStream(staged))
    await rename(staged, path)
  } finally {
    await rm(staged, { force: true })
  }
}

/** The file that was named, or the only one to train on. */
const onlyFile = (name: string, path: string | undefined, files: readonly string[]): string => {
  const data = files.filter((file) => wanted.dataset.test(file))
  const training = data.filter((file) => /(^|[/_.-])train/.test(file))
  const fitting = path !== undefined ? data.filter((file) => file === path) : training.length > 0 ? training : data
  const [only, ...others] = fitting
  if (only !== undefined && others.length === 0) return only
  const some = (fitting.length > 0 ? fitting : data).slice(0, 10).join(', ')
  throw new UsageError(
    `${name}: ${path === undefined ? 'expected one file to train on' : `no file ${path}`}, found ${some === '' ? 'none' : some}${data.length > 10 ? ', …' : ''}. Name one: hf:owner/name/path`,
  )
}
