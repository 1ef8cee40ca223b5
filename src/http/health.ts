import type { Services } from '../services.ts'

/** GET /healthz: the process answers. */
export async function showAlive(): Promise<Response> {
  return plain('alive', 200)
}

/** GET /readyz: the database answers and its schema fits. @throws {EntradaError} `storage_unavailable` */
export async function showReady(services: Services): Promise<Response> {
  await services.storage.checkReady()
  return plain('ready', 200)
}

function plain(text: string, status: number): Response {
  return new Response(`${text}\n`, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
  })
}
