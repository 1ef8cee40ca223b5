import { findOwn } from '../../protocol/find-own.ts'
import {
  type EntraCloud,
  EXTERNAL_CLOUD,
  entraClouds,
  findEntraCloud,
  isExternalId,
} from './protocol/entra-hosts.ts'

/**
 * Returns the cloud of an authority, which is part of a person's key, since ids are unique in one cloud only: its name, or the host
 * of another Entra-compatible authority.
 */
export function cloudOf(authority: URL): string {
  if (isExternalId(authority)) return EXTERNAL_CLOUD
  return findEntraCloud(authority.hostname)?.name ?? authority.hostname
}

/** Authorities of Microsoft's own clouds. Those of External ID are one for each directory, and not listed. */
export const cloudAuthorities = addressesOf(entraClouds)

function addressesOf([first, ...others]: typeof entraClouds): readonly [string, ...string[]] {
  return [addressOf(first), ...others.map(addressOf)]
}

function addressOf({ host }: EntraCloud): string {
  return `https://${host}`
}

const cloudNames: Readonly<Record<string, string>> = {
  global: 'Microsoft Azure and Microsoft 365 (worldwide)',
  us_government: 'US Government',
  china: 'China, operated by 21Vianet',
  [EXTERNAL_CLOUD]: 'Entra External ID (customers)',
}

/** Returns the name of a cloud for display, which for External ID is the kind of directory. */
export function cloudWords(cloud: string): string {
  return findOwn(cloudNames, cloud) ?? cloud
}
