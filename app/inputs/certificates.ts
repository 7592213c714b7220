/**
 * Certificates as files: one, or a list of them, in JSON, each with a digest of what it says. That tells a file which was damaged or changed
 * since it was written; it does not make true what is in it, which only the checker can tell.
 *
 *     { format, …, uncertified, digest: SHA-256 of the JSON of all the rest }
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Certificate } from '../../halos/index.ts'
import { writeAtomically } from '../../models/index.ts'
import { UsageError } from '../terminal/errors.ts'

const digestOf = (content: object): string => createHash('sha256').update(JSON.stringify(content)).digest('hex')

export const writeCertificates = (path: string, certificates: readonly Certificate[]): Promise<void> => {
  const [first, ...others] = certificates.map((certificate) => ({ ...certificate, digest: digestOf(certificate) }))
  return writeAtomically(path, `${JSON.stringify(others.length === 0 ? first : [first, ...others])}\n`)
}

/** What a file holds: something to be checked, and whether it is as it was written. */
export interface ReadCertificate {
  readonly certificate: unknown
  readonly intact: boolean
}
/** @throws UsageError for what is no JSON, or cannot be read */
export const readCertificates = async (path: string): Promise<readonly ReadCertificate[]> => {
  try {
    const content: unknown = JSON.parse(await readFile(path, 'utf8'))
    return (Array.isArray(content) ? content : [content]).map(opened)
  } catch (error) {
    throw new UsageError(`${path}: expected a certificate, in JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}
const opened = (content: unknown): ReadCertificate => {
  if (typeof content !== 'object' || content === null || !('digest' in content)) return { certificate: content, intact: false }
  const { digest, ...certificate } = content
  return { certificate, intact: digest === digestOf(certificate) }
}
