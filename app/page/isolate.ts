/**
 * A service worker for hosts that send no headers: it adds those that isolate the page, so that threads may share memory, and keeps what was fetched,
 * so that the page opens without a network. `main.ts` registers it where the page is not isolated already.
 */

/** What of a service worker is used here: the types of pages do not have it. */
interface IsolatingWorker {
  readonly skipWaiting: () => Promise<void>
  readonly clients: { readonly claim: () => Promise<void> }
  readonly addEventListener: (type: 'install' | 'activate' | 'fetch', listener: (event: WorkerEvent) => void) => void
}
interface WorkerEvent {
  readonly request: Request
  readonly waitUntil: (done: Promise<unknown>) => void
  readonly respondWith: (response: Promise<Response>) => void
}
const worker = globalThis as unknown as IsolatingWorker // this file runs as nothing else

const shelf = 'halograd'

const isolated = (response: Response): Response => {
  if (response.status === 0) return response
  const headers = new Headers(response.headers)
  headers.set('cross-origin-opener-policy', 'same-origin')
  headers.set('cross-origin-embedder-policy', 'require-corp')
  headers.set('cross-origin-resource-policy', 'same-origin')
  const { status, statusText, body } = response
  return new Response(body, { status, statusText, headers })
}

/** The network, and what it gave before where there is none. */
const answer = async (request: Request): Promise<Response> => {
  const kept = await caches.open(shelf)
  try {
    const response = isolated(await fetch(request))
    if (response.ok) await kept.put(request, response.clone())
    return response
  } catch (error) {
    const before = await kept.match(request)
    if (before === undefined) throw error
    return before
  }
}

worker.addEventListener('install', (event) => event.waitUntil(worker.skipWaiting()))
worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()))
worker.addEventListener('fetch', (event) => {
  const own = new URL(event.request.url).origin === location.origin
  if (own && event.request.method === 'GET') event.respondWith(answer(event.request))
})
