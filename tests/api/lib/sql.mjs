// SQL straight into a server's database, for what no client can bring about: old rows, what a crash leaves.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The rows of a select on PostgreSQL, their values with | between them. */
export async function query(server, text) {
  const { stdout } = await run('psql', ['-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', server.env.ICHAT_DATABASE_URL, '-c', text]);
  return stdout.split('\n').filter(Boolean);
}

/** One statement; no parameters. The server may run meanwhile. */
export async function sql(server, text) {
  const url = server.env.ICHAT_DATABASE_URL;
  if (url.startsWith('postgresql:')) {
    await run('psql', ['-q', '-v', 'ON_ERROR_STOP=1', '-d', url, '-c', text]);
    return;
  }
  const script = 'import sqlite3, sys; db = sqlite3.connect(sys.argv[1], timeout=10); db.execute(sys.argv[2]); db.commit()';
  await run('/usr/bin/python3', ['-c', script, `${server.dataDir}/ichat.db`, text]);
}
