import type { Command } from 'commander';
import { readRunningServer, readTokens } from '../compose/data-folder.ts';
import { loadClientConfig } from '../config.ts';
import { type ApiClient, createApiClient } from './api-client.ts';
import { CliError } from './cli-error.ts';

export interface ServerOptions {
  readonly url?: string;
  readonly token?: string;
  readonly dataDir?: string;
  readonly as?: 'instructor' | 'trainee';
}

/** The options by which a command finds its server and says who it is. */
export function withServerOptions(command: Command): Command {
  return command
    .option('--url <url>', 'the server (LABWRIGHT_URL); default: the one that runs on the data folder')
    .option('--token <token>', 'who you are (LABWRIGHT_TOKEN); default: a token saved in the data folder')
    .addOption(command.createOption('--as <role>', 'which saved token').choices(['instructor', 'trainee']))
    .option('--data-dir <folder>', 'the data folder (DATA_DIR)');
}

/** Throws CliError `unavailable` when no server is known, `refused` when there is no token for it. */
export function connect(options: ServerOptions): ApiClient {
  const config = loadClientConfig(options);
  const local = readRunningServer(config.dataDir);
  const url = config.url ?? local?.url;
  if (url === null || url === undefined) {
    if (local?.what === 'labwright serve') {
      const starting = `The server of the data folder ${config.dataDir} is still starting (pid ${local.pid}); try again in a moment.`;
      throw new CliError('unavailable', 'server_starting', starting, {
        dataDir: config.dataDir,
        pid: local.pid,
      });
    }
    throw new CliError(
      'unavailable',
      'no_server',
      `No server runs with the data folder ${config.dataDir}.\nStart one with \`labwright serve\`, or say where it is with LABWRIGHT_URL or --url.`,
      { dataDir: config.dataDir },
    );
  }
  // Saved tokens go to the server that they were made by and to no other.
  const saved = local?.url === url ? readTokens(config.dataDir) : null;
  const token = options.as === undefined ? (config.token ?? saved?.instructor) : saved?.[options.as];
  if (token === undefined) {
    throw new CliError(
      'refused',
      'no_token',
      `There is no token for ${url}. Give one with LABWRIGHT_TOKEN or --token; \`labwright token create\` makes one.`,
    );
  }
  return createApiClient(url, token);
}
