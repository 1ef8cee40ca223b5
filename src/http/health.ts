import type { Services } from '../services.ts'

/** Answers GET /healthz as long as the process runs. */
export async function showAlive(): Promise<Response> {
  return plain('alive', 200)
}

/** Answers GET /readyz when the database responds and its schema fits. @throws {EntradaError} `storage_unavailable` */
export async function showReady(services: Pick<Services, 'storage'>): Promise<Response> {
  await services.storage.checkReady()
  return plain('ready', 200)
}

function plain(text: string, status: number): Response {
  return new Response(`${text}\n`, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
  })
}
