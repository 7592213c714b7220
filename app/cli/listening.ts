/** Servers of commands: an address that is taken or refused in a sentence, and an end when the command is asked to stop. */
import type { Server } from 'node:http'
import { UnavailableError } from '../terminal/errors.ts'

/** The address, once it is taken. @throws UnavailableError */
export const listening = (http: Server, { host, port }: { readonly host: string; readonly port: number }): Promise<string> =>
  new Promise((done, failed) => {
    http.once('error', ({ message }) => failed(new UnavailableError(`--host ${host} --port ${port} cannot be listened on: ${message}`)))
    http.listen(port, host, () => {
      const address = http.address()
      const bound = typeof address === 'object' && address !== null ? address.port : port
      done(`http://${host.includes(':') ? `[${host}]` : host}:${bound}`)
    })
  })

/** When the command is asked to stop, and every connection has ended. */
export const closed = (http: Server, stop: AbortSignal): Promise<void> =>
  new Promise((done) => {
    const end = (): void => {
      http.close(() => done())
      http.closeAllConnections()
    }
    if (stop.aborted) end()
    else stop.addEventListener('abort', end, { once: true })
  })
