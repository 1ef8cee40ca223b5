import type { Services } from '../services.ts'
import type { AuditLink, ChainedAuditEvent } from '../storage/records.ts'
import { checkHead, checkLinkSignature, isAsWritten } from './audit-chain.ts'

type Parts = Pick<Services, 'storage' | 'keyRing' | 'sha256'>

const LINKS_AT_ONCE = 200

/**
 * Returns the hash of a link whose own signature cannot be checked, if a later link that was signed under a key of the ring covers
 * it: each link holds the hash of the previous one. Returns `undefined` if the links in between are broken.
 */
export async function findVouchedHash(parts: Parts, sequence: number): Promise<string | undefined> {
  let first: AuditLink | undefined
  let before: AuditLink | undefined
  for await (const link of linksFrom(parts, sequence)) {
    if (before !== undefined && !follows(parts, before, link)) return undefined
    first ??= link
    const signature = checkLinkSignature(parts.keyRing, link)
    if (signature !== 'key_missing') return signature === 'valid' ? first.hash : undefined
    before = link
  }
  return (await isSignedEnd(parts, before)) ? first?.hash : undefined
}

async function* linksFrom(
  { storage }: Parts,
  sequence: number,
): AsyncGenerator<ChainedAuditEvent, void> {
  let after: number | undefined = sequence - 1
  while (after !== undefined) {
    const links: readonly ChainedAuditEvent[] = await storage.listAuditLinks(after, LINKS_AT_ONCE)
    yield* links
    after = links.length < LINKS_AT_ONCE ? undefined : links.at(-1)?.sequence
  }
}

function follows(parts: Parts, before: AuditLink, link: ChainedAuditEvent): boolean {
  return link.sequence === before.sequence + 1 && isAsWritten(parts, before, link)
}

/** The signed head names the last link. */
async function isSignedEnd(
  { storage, keyRing }: Parts,
  last: AuditLink | undefined,
): Promise<boolean> {
  const head = await storage.findAuditChainHead()
  return checkHead(keyRing, head) === 'valid' && head?.hash === last?.hash
}
