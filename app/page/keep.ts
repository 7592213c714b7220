/** What outlives a reload: values by name in the browser's own database, for the page and its workers alike. */

const opened = (): Promise<IDBDatabase> =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open('halograd', 1)
    request.onupgradeneeded = () => request.result.createObjectStore('kept')
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
let database: Promise<IDBDatabase> | undefined

const done = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
const kept = async (mode: IDBTransactionMode): Promise<IDBObjectStore> => {
  database ??= opened()
  return (await database).transaction('kept', mode).objectStore('kept')
}

export const keep = async (name: string, value: unknown): Promise<void> => void (await done((await kept('readwrite')).put(value, name)))
/** What `keep` was given under this name, unless the browser has dropped it. Who asks knows what it is. */
export const recall = async <T>(name: string): Promise<T | undefined> => done<T | undefined>((await kept('readonly')).get(name))
export const forget = async (name: string): Promise<void> => void (await done((await kept('readwrite')).delete(name)))
