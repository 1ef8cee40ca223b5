import { type Kysely, sql } from 'kysely'
import type { MigrationContext } from './migrations.ts'

/** The tables that are searched, and the columns from which the search key of a row follows. */
const searched = {
  memberships: ['search_text'],
  organizations: ['name', 'slug'],
  connections: ['name', 'slug', 'tenants', 'client_id'],
} as const
type Searched = keyof typeof searched
type Source = (typeof searched)[Searched][number]

/**
 * Adds the text in which searches look, and an index over its sequences of three characters. The key is `NULL` in rows that were there
 * before, and in rows that the previous release writes, which does not know it: the server fills it a little later.
 */
export async function addSearchKeys(
  database: Kysely<unknown>,
  context: MigrationContext,
): Promise<void> {
  if (context.dialect === 'postgres') await createFunctions(database)
  for (const [table, sources] of Object.entries(searched) as [Searched, readonly Source[]][]) {
    await database.schema.alterTable(table).addColumn('search_key', context.text).execute()
    await createIndexOfEmpty(database, table)
    if (context.dialect === 'sqlite') {
      await createSqliteIndex(database, table)
      await createSqliteTriggers(database, table)
      await forgetOnSqlite(database, table, sources)
    } else {
      await createPostgresIndex(database, table)
      await forgetOnPostgres(database, table, sources)
    }
  }
}

/** Finds the rows that are to be filled, newest first, without any cost for the others. */
async function createIndexOfEmpty(database: Kysely<unknown>, table: Searched): Promise<void> {
  await sql`create index ${sql.ref(`${table}_without_search_key`)} on ${sql.table(table)} (created_at, id)
    where search_key is null`.execute(database)
}

/**
 * The index has no content of its own, and its numbers of rows are positions, because the rows themselves have no number that lasts. With
 * `secure-delete` the words of a person who is erased leave the index at once.
 *
 * Newer records have higher positions, so that a search that begins at the highest may stop early. `bound_at` makes that exact: no
 * record at this position or below is newer. New records are added on top, old ones that are filled below all others.
 */
async function createSqliteIndex(database: Kysely<unknown>, table: Searched): Promise<void> {
  const [rows, grams] = [sql.table(`${table}_search_rows`), sql.table(`${table}_search`)]
  await sql`create table ${rows} (position integer primary key not null, record_id text not null unique,
    bound_at integer not null)`.execute(database)
  await sql`create virtual table ${grams} using fts5 (search_key, content='',
    tokenize='trigram case_sensitive 1', detail=none, columnsize=0)`.execute(database)
  await sql`insert into ${grams} (${grams}, rank) values ('secure-delete', 1)`.execute(database)
}

async function createSqliteTriggers(database: Kysely<unknown>, table: Searched): Promise<void> {
  const [rows, grams] = [sql.table(`${table}_search_rows`), sql.table(`${table}_search`)]
  const position = (id: 'new' | 'old') =>
    sql`(select position from ${rows} where record_id = ${sql.ref(`${id}.id`)})`
  const add = sql`
    insert into ${rows} (position, record_id, bound_at) select
      case when at <= low.bound_at then low.position - 1 else coalesce(high.position, 0) + 1 end, new.id,
      case when at <= low.bound_at then at else max(at, coalesce(high.bound_at, at)) end
      from (select ${newestTime(table)} as at)
      left join (select position, bound_at from ${rows} order by position limit 1) as low on true
      left join (select position, bound_at from ${rows} order by position desc limit 1) as high on true
      where true on conflict (record_id) do nothing;
    insert into ${grams} (rowid, search_key) values (${position('new')}, new.search_key);`
  const remove = sql`
    insert into ${grams} (${grams}, rowid, search_key) values ('delete', ${position('old')}, old.search_key);`
  const forget = sql`delete from ${rows} where record_id = old.id;`
  const on = sql.table(table)
  const trigger = (suffix: string) => sql.ref(`${table}_search_${suffix}`)
  await sql`create trigger ${trigger('added')} after insert on ${on}
    when new.search_key is not null begin ${add} end`.execute(database)
  await sql`create trigger ${trigger('removed')} after delete on ${on}
    when old.search_key is not null begin ${remove} ${forget} end`.execute(database)
  await sql`create trigger ${trigger('removed_empty')} after delete on ${on}
    when old.search_key is null begin ${forget} end`.execute(database)
  await sql`create trigger ${trigger('filled')} after update of search_key on ${on}
    when old.search_key is null and new.search_key is not null begin ${add} end`.execute(database)
  await sql`create trigger ${trigger('emptied')} after update of search_key on ${on}
    when old.search_key is not null and new.search_key is null begin ${remove} end`.execute(
    database,
  )
  await sql`create trigger ${trigger('changed')} after update of search_key on ${on}
    when old.search_key <> new.search_key begin ${remove} ${add} end`.execute(database)
}

/** Memberships are found for lists of users too, so the position is right for both. */
function newestTime(table: Searched) {
  if (table !== 'memberships') return sql`new.created_at`
  return sql`max(new.created_at, (select created_at from users where id = new.user_id))`
}

async function forgetOnSqlite(
  database: Kysely<unknown>,
  table: Searched,
  sources: readonly Source[],
): Promise<void> {
  await sql`create trigger ${sql.ref(`${table}_search_outdated`)}
    after update of ${sql.join(sources.map((column) => sql.ref(column)))} on ${sql.table(table)}
    when ${isOutdated(sources)}
    begin update ${sql.table(table)} set search_key = null where id = new.id; end`.execute(database)
}

/** A function of ours in place of the extension `pg_trgm`, which leaves out letters that the language of the database does not have. */
async function createFunctions(database: Kysely<unknown>): Promise<void> {
  await sql`create function entrada_grams(search_key text) returns text[]
    language sql immutable strict parallel safe as
    $$ select array(select distinct substr(search_key, start, 3)
      from generate_series(1, length(search_key) - 2) as start) $$`.execute(database)
  await sql`create function entrada_empty_search_key() returns trigger language plpgsql as
    $$ begin new.search_key := null; return new; end $$`.execute(database)
}

/** New rows wait in a list that every search reads as well, so the list is kept short. */
async function createPostgresIndex(database: Kysely<unknown>, table: Searched): Promise<void> {
  await sql`create index ${sql.ref(`${table}_search`)} on ${sql.table(table)}
    using gin (entrada_grams(search_key)) with (gin_pending_list_limit = 256)`.execute(database)
}

async function forgetOnPostgres(
  database: Kysely<unknown>,
  table: Searched,
  sources: readonly Source[],
): Promise<void> {
  await sql`create trigger ${sql.ref(`${table}_search_outdated`)} before update on ${sql.table(table)}
    for each row when (${isOutdated(sources)}) execute function entrada_empty_search_key()`.execute(
    database,
  )
}

/** The previous release changes the sources alone. */
function isOutdated(sources: readonly Source[]) {
  const changed = sources.map((column) => sql`new.${sql.ref(column)} <> old.${sql.ref(column)}`)
  return sql`new.search_key = old.search_key and (${sql.join(changed, sql` or `)})`
}
