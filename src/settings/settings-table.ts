/** Every setting, one row each. `config.ts` reads them. */
import { parseOperators } from '../access/operators.ts'
import { brandColor, brandName, supportContact } from '../http/brand.ts'
import { parseNoProxy, parseProxy } from '../outgoing/proxies.ts'
import { privateListenAddress } from './network-parsers.ts'
import {
  authority,
  checked,
  clientId,
  clientSecrets,
  cookieDomain,
  count,
  databaseUrl,
  days,
  drainSeconds,
  expiryDates,
  folder,
  list,
  listenAddress,
  networkAddress,
  nonEmptyList,
  oneOf,
  operatorToken,
  perMinute,
  publicUrl,
  recheckMinutes,
  seconds,
  secretKey,
  tenant,
  text,
} from './setting-parsers.ts'

export type Setting<T> = {
  readonly env: string
  /** Seed 1's name for the same thing. */
  readonly twin?: string
  readonly parse: (text: string) => T
  readonly fallback?: string
  /** Other programs read it too, in lower case first; of several spellings the first one that is set counts. */
  readonly lowerCaseToo?: true
  readonly secret?: true
  /** May stand in a file that `…_FILE` names, as every secret may. */
  readonly fileToo?: true
  readonly help: string
}

export const settingsTable = {
  serverUrl: {
    env: 'ENTRADA_SERVER_URL',
    twin: 'DSTACK_SERVER_URL',
    parse: publicUrl,
    fallback: 'http://localhost:3000',
    help: 'Address people use to reach this server, without a path. `http` for loopback only.',
  },
  listen: {
    env: 'ENTRADA_LISTEN',
    parse: listenAddress,
    help: "Host and port to listen on. Default `127.0.0.1:3000`; with a loopback server URL, that URL's port.",
  },
  drainSeconds: {
    env: 'ENTRADA_DRAIN_SECONDS',
    parse: drainSeconds,
    help: 'How long a server that gets SIGTERM still takes requests, with 503 at `/readyz`, so that the balancer finds another replica; 0 to 300. Default 10 with PostgreSQL, and 0 with the embedded database, which has no other replica. See docs/operate.md.',
  },
  metricsListen: {
    env: 'ENTRADA_METRICS_LISTEN',
    parse: privateListenAddress,
    help: 'Host and port for `/metrics` alone, without a token, such as `127.0.0.1:9464`: a loopback or private address. Without it: `/metrics` of the server, with the operator token.',
  },
  entraTenantId: {
    env: 'ENTRADA_ENTRA_TENANT_ID',
    twin: 'DSTACK_ENTRA_TENANT_ID',
    parse: tenant,
    help: 'Directory (tenant) ID, or a domain of the directory. entra.microsoft.com > Entra ID > Overview.',
  },
  entraClientId: {
    env: 'ENTRADA_ENTRA_CLIENT_ID',
    twin: 'DSTACK_ENTRA_CLIENT_ID',
    parse: clientId,
    help: 'Application (client) ID. entra.microsoft.com > Entra ID > App registrations > your application > Overview.',
  },
  entraClientSecrets: {
    env: 'ENTRADA_ENTRA_CLIENT_SECRET',
    twin: 'DSTACK_ENTRA_CLIENT_SECRET',
    parse: clientSecrets,
    secret: true,
    help: 'Client secret value (not its ID). Certificates & secrets > New client secret. Several, the newest first, separated by commas or white space.',
  },
  entraClientSecretExpires: {
    env: 'ENTRADA_ENTRA_CLIENT_SECRET_EXPIRES',
    parse: expiryDates,
    fileToo: true,
    help: 'When each secret ends, such as `2027-11-22`, in the same order; `-` where it is not known. Warnings come 60, 30, 14, 7 and 1 days before.',
  },
  entraClientCertificateFile: {
    env: 'ENTRADA_ENTRA_CLIENT_CERTIFICATE_FILE',
    parse: text,
    help: 'Certificate (PEM) in place of the secret, or beside it; `entrada certificate create` makes one. See docs/credentials.md.',
  },
  entraClientCertificateKeyFile: {
    env: 'ENTRADA_ENTRA_CLIENT_CERTIFICATE_KEY_FILE',
    parse: text,
    help: "The certificate's private key (PEM, not encrypted). May be the same file.",
  },
  entraFederatedTokenFile: {
    env: 'ENTRADA_ENTRA_FEDERATED_TOKEN_FILE',
    parse: text,
    help: 'Token that the platform issues to this workload, in place of the secret, or beside it. Read at each use.',
  },
  sharedClientId: {
    env: 'ENTRADA_SHARED_CLIENT_ID',
    parse: clientId,
    help: 'Application (client) ID of a multi-tenant application of yours, which customers consent to in place of registering their own. See docs/customers.md.',
  },
  sharedClientSecrets: {
    env: 'ENTRADA_SHARED_CLIENT_SECRET',
    parse: clientSecrets,
    secret: true,
    help: 'Its client secret value (not its ID); several, the newest first, separated by commas or white space.',
  },
  sharedClientSecretExpires: {
    env: 'ENTRADA_SHARED_CLIENT_SECRET_EXPIRES',
    parse: expiryDates,
    fileToo: true,
    help: 'When each of these secrets ends, such as `2027-11-22`, in the same order; `-` where it is not known.',
  },
  sharedClientCertificateFile: {
    env: 'ENTRADA_SHARED_CLIENT_CERTIFICATE_FILE',
    parse: text,
    help: 'Its certificate (PEM) in place of the secret, or beside it.',
  },
  sharedClientCertificateKeyFile: {
    env: 'ENTRADA_SHARED_CLIENT_CERTIFICATE_KEY_FILE',
    parse: text,
    help: "That certificate's private key (PEM, not encrypted). May be the same file.",
  },
  federatedTokenFile: {
    env: 'ENTRADA_FEDERATED_TOKEN_FILE',
    parse: text,
    help: 'Token that the platform issues to this workload: for customers who trust it in place of a secret, and for the shared application. Read at each use.',
  },
  entraExtraUrls: {
    env: 'ENTRADA_ENTRA_EXTRA_URLS',
    twin: 'DSTACK_ENTRA_EXTRA_URLS',
    parse: (text: string) => list(text).map(publicUrl),
    fallback: '',
    help: 'Further public addresses of this server, separated by commas. The callback of each is registered in Entra too.',
  },
  entraAuthority: {
    env: 'ENTRADA_ENTRA_AUTHORITY',
    parse: authority,
    fallback: 'https://login.microsoftonline.com',
    help: 'The cloud, for every connection that names no other: a national cloud by its host, `https://NAME.ciamlogin.com` for External ID, or any Entra-compatible address. `http` on loopback only.',
  },
  entraProvisioning: {
    env: 'ENTRADA_ENTRA_PROVISIONING',
    parse: oneOf('create', 'existing', 'off'),
    fallback: 'create',
    help: '`create`: a first sign-in makes the user. `existing`: only users created beforehand. `off`: nobody signs in for the first time.',
  },
  entraLinking: {
    env: 'ENTRADA_ENTRA_LINKING',
    parse: oneOf('never', 'verified'),
    fallback: 'never',
    help: 'Whether a first sign-in may take over a user created beforehand that has the same email: `never`, or `verified` when Entra vouches for the address and the person is a member of the pinned tenant.',
  },
  entraGuests: {
    env: 'ENTRADA_ENTRA_GUESTS',
    parse: oneOf('refuse', 'allow'),
    fallback: 'refuse',
    help: 'Whether guests (B2B) of the directory may sign in.',
  },
  entraGroupsOverage: {
    env: 'ENTRADA_ENTRA_GROUPS_OVERAGE',
    parse: oneOf('refuse', 'keep_last', 'graph', 'graph_or_keep_last'),
    fallback: 'refuse',
    help: 'When a person is in more groups than fit into the token: `refuse` by name if the role rules need groups, `keep_last` known groups, ask Microsoft `graph` and refuse when it does not tell, or `graph_or_keep_last`. See docs/groups.md.',
  },
  entraGroupsFrom: {
    env: 'ENTRADA_ENTRA_GROUPS_FROM',
    parse: oneOf('claim', 'graph', 'graph_direct'),
    fallback: 'claim',
    help: 'Where groups come from: the token (`claim`), always Microsoft `graph`, or `graph_direct`, which leaves out groups that hold groups.',
  },
  entraRecheckMinutes: {
    env: 'ENTRADA_ENTRA_RECHECK_MINUTES',
    parse: recheckMinutes,
    help: 'Sessions are checked against Entra again this often, from 5 to 1440 minutes: who was disabled there is out, groups and roles follow. Without it: at sign-ins alone. See docs/sessions.md.',
  },
  entraSignOut: {
    env: 'ENTRADA_ENTRA_SIGN_OUT',
    parse: oneOf('local', 'microsoft'),
    fallback: 'local',
    help: 'What "Sign out" ends: the session here, or the one at Microsoft as well. The page always offers both.',
  },
  roleRulesFile: {
    env: 'ENTRADA_ROLE_RULES_FILE',
    parse: text,
    help: 'JSON file that maps Entra groups and app roles to roles; see docs/groups.md.',
  },
  accessRulesFile: {
    env: 'ENTRADA_ACCESS_RULES_FILE',
    parse: text,
    help: 'JSON file that says who may open which page of an application behind a reverse proxy; see docs/forward-auth.md. Without it: the people of the organization `default`.',
  },
  identityTokens: {
    env: 'ENTRADA_IDENTITY_TOKENS',
    parse: oneOf('off', 'on'),
    fallback: 'off',
    help: 'Whether `/auth/verify` also answers with a signed token (ES256, one minute) in `Authorization`; its keys are at `/auth/keys`.',
  },
  dangerouslyForwardUnproven: {
    env: 'ENTRADA_DANGEROUSLY_FORWARD_UNPROVEN',
    parse: oneOf('off', 'on'),
    fallback: 'off',
    help: '`on`, as in the release before: where no access rule says otherwise people of every organization pass `/auth/verify`, and `X-Auth-Request-Email` holds addresses that nobody has proven. Goes with the next release; see docs/forward-auth.md.',
  },
  cookieDomain: {
    env: 'ENTRADA_COOKIE_DOMAIN',
    parse: cookieDomain,
    help: 'Parent domain of this server and of ENTRADA_APPLICATION_URLS, such as `apps.example.com`. Every host under it gets a cookie of the session: read docs/forward-auth.md first.',
  },
  applicationUrls: {
    env: 'ENTRADA_APPLICATION_URLS',
    parse: (text: string) => list(text).map(publicUrl),
    fallback: '',
    help: 'Addresses of applications on other hosts under ENTRADA_COOKIE_DOMAIN, without a path, separated by commas.',
  },
  operators: {
    env: 'ENTRADA_OPERATORS',
    parse: parseOperators,
    fallback: '',
    help: 'Who may administer Entrada, separated by commas: `user:TENANT_ID/OBJECT_ID`, `group:GROUP_ID`, `app_role:VALUE`.',
  },
  operatorTokens: {
    env: 'ENTRADA_OPERATOR_TOKEN',
    parse: (value: string) => nonEmptyList(value).map(operatorToken),
    secret: true,
    help: 'Token for /login/token and the API, 32 random bytes or more; several separated by commas. Made at the first start when missing; required with PostgreSQL.',
  },
  environmentFile: {
    env: 'ENTRADA_ENVIRONMENT_FILE',
    parse: text,
    help: 'A file of settings, `NAME=value` on each line, read as systemd reads an `EnvironmentFile=`. Its values replace those of the environment.',
  },
  dataDir: {
    env: 'ENTRADA_DATA_DIR',
    parse: folder,
    fallback: './entrada-data',
    help: 'Folder of the embedded database, the key ring and the operator token.',
  },
  databaseUrl: {
    env: 'ENTRADA_DATABASE_URL',
    parse: databaseUrl,
    secret: true,
    help: 'PostgreSQL for any number of replicas, such as `postgres://entrada:PASSWORD@db.example.com/entrada?sslmode=verify-full`. Percent-encode `@ / # : ? %` in the password. Without it: the embedded database in ENTRADA_DATA_DIR.',
  },
  databaseConnections: {
    env: 'ENTRADA_DATABASE_CONNECTIONS',
    parse: count,
    fallback: '16',
    help: 'Connections to PostgreSQL that one replica opens at most.',
  },
  secretKeys: {
    env: 'ENTRADA_SECRET_KEYS',
    parse: (value: string) => nonEmptyList(value).map(secretKey),
    secret: true,
    help: 'Key ring: base64url keys of 32 bytes, separated by commas; the first one seals. Made at the first start when missing; required with PostgreSQL.',
  },
  sessionIdleSeconds: {
    env: 'ENTRADA_SESSION_IDLE_SECONDS',
    parse: seconds,
    fallback: '43200',
    help: 'A session ends after this long without use.',
  },
  sessionMaxSeconds: {
    env: 'ENTRADA_SESSION_MAX_SECONDS',
    parse: seconds,
    fallback: '86400',
    help: 'A session ends after this long in any case.',
  },
  trustedProxies: {
    env: 'ENTRADA_TRUSTED_PROXIES',
    parse: (value: string) => list(value).map(networkAddress),
    fallback: '',
    help: 'Addresses or CIDR blocks of reverse proxies whose X-Forwarded-For names the client, and whose X-Original-… and X-Forwarded-… at `/auth/verify` name the page, separated by commas.',
  },
  webhooksPrivate: {
    env: 'ENTRADA_WEBHOOKS_PRIVATE',
    parse: oneOf('refuse', 'allow'),
    fallback: 'refuse',
    help: 'Whether webhooks may go to private addresses and plain http, as receivers in your own network have. Only operators enter addresses of webhooks.',
  },
  signInsPerMinute: {
    env: 'ENTRADA_RATE_LIMIT_SIGN_INS',
    parse: perMinute,
    fallback: '600',
    help: 'Sign-ins that one client address may start in a minute. More for thousands of people behind one address; see docs/monitoring.md.',
  },
  auditRetentionDays: {
    env: 'ENTRADA_AUDIT_RETENTION_DAYS',
    parse: days,
    help: 'Audit events older than this many days are removed, see docs/audit-trail.md. Without it they are kept for ever.',
  },
  brandName: {
    env: 'ENTRADA_BRAND_NAME',
    parse: brandName,
    fallback: 'Entrada',
    help: 'What the pages that people see are called.',
  },
  brandLogoFile: {
    env: 'ENTRADA_BRAND_LOGO_FILE',
    parse: text,
    help: 'SVG or PNG of at most 256 KB. A logo that is at least two and a half times as wide as high stands alone, any other beside the name.',
  },
  brandColor: {
    env: 'ENTRADA_BRAND_COLOR',
    parse: checked(brandColor),
    help: 'Colour of buttons and links, such as `#12766f`. Where text in it could not be read (WCAG 2.2, 4.5:1), a darker or lighter one stands in for it.',
  },
  supportContact: {
    env: 'ENTRADA_SUPPORT_CONTACT',
    parse: checked(supportContact),
    help: 'Whom people ask: an email address, or an https page. Shown on every page; on that of a refusal with its correlation id.',
  },
  httpsProxy: {
    env: 'HTTPS_PROXY',
    lowerCaseToo: true,
    parse: parseProxy,
    secret: true,
    help: 'Proxy through which requests to https addresses leave (Entra, Graph, webhooks, this server from the command line), such as `http://user:password@proxy.example.com:3128`. See docs/operate.md.',
  },
  httpProxy: {
    env: 'HTTP_PROXY',
    lowerCaseToo: true,
    parse: parseProxy,
    secret: true,
    help: 'The same for http addresses, which only webhooks in your own network have.',
  },
  noProxy: {
    env: 'NO_PROXY',
    lowerCaseToo: true,
    parse: parseNoProxy,
    fallback: '',
    help: 'Hosts that are reached without a proxy, separated by commas: `example.com` with everything below it, addresses, blocks such as `10.0.0.0/8`, `*`. Loopback always is.',
  },
  logLevel: {
    env: 'ENTRADA_LOG_LEVEL',
    parse: oneOf('debug', 'info', 'warn', 'error', 'silent'),
    fallback: 'info',
    help: 'How much is logged.',
  },
} as const satisfies Record<string, Setting<unknown>>
