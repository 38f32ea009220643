/**
 * The connection to a Docker Engine. Everything that is asked of it goes through `ask`, which is where what it says
 * becomes a LabError; the version of its API is agreed on with the first question.
 */
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { join } from 'node:path';
import { inspect } from 'node:util';
import Docker from 'dockerode';
import { LabError } from '../../lab/errors.ts';
import { orAborted } from '../containers/or-aborted.ts';
import { engineError, engineStatus } from './engine-errors.ts';

/** What is spoken where the engine can; what it has at least. */
const apiVersion = '1.41';
/** An engine that holds a request for longer does not answer; committing a large layer takes a while. */
const answersWithinMs = 120_000;
const agreesWithinMs = 10_000;

export interface EngineOptions {
  /** `unix:///path`, `tcp://host:port`, `http://…` or `https://…`. */
  readonly host: string;
  /** Folder with ca.pem, cert.pem and key.pem; null: no TLS. */
  readonly tlsDir: string | null;
}

export interface Engine {
  /** Where it listens, for messages. */
  readonly host: string;
  /**
   * @param what what could not be done if this fails, such as `create the network x`.
   * Throws the signal's reason, or LabError `backend_unavailable`, `backend_busy` or `start_failed`; see `engineError`.
   * A request that streams takes `signal` alone, by `endless`.
   */
  ask<T>(
    what: string,
    request: (docker: Docker, abortSignal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
    endless?: 'endless',
  ): Promise<T>;
  close(): void;
}

/** Connects with the first question. Throws LabError `bad_request` when the TLS files cannot be read. */
export function createEngine({ host, tlsDir }: EngineOptions): Engine {
  const options = connectionOptions(host, tlsDir);
  const plain = new Docker(options);
  let agreed: Promise<Docker> | null = null;

  async function agree(): Promise<Docker> {
    // Dockerode's own `version` takes no signal; and it is nobody's alone, so that no caller's end is the others'.
    const signal = AbortSignal.timeout(agreesWithinMs);
    const facts = await new Promise<Docker.DockerVersion>((resolve, reject) => {
      const request = { path: '/version', method: 'GET', abortSignal: signal, statusCodes: { 200: true } };
      plain.modem.dial(request, (error, data) => {
        if (error) reject(error);
        else resolve(data as Docker.DockerVersion);
      });
    });
    const { ApiVersion: newest, MinAPIVersion: oldest, Version: release } = facts;
    if (typeof newest !== 'string') {
      throw new LabError('backend_unavailable', `What answers at ${host} is not a Docker Engine.`);
    }
    if (isOlder(newest, apiVersion)) {
      throw new LabError(
        'backend_unavailable',
        `The Docker Engine ${release} at ${host} has API ${newest}; labs need ${apiVersion} or newer: update it.`,
      );
    }
    const version = oldest !== undefined && isOlder(apiVersion, oldest) ? oldest : apiVersion;
    return new Docker({ ...options, version: `v${version}` });
  }

  function agreement(): Promise<Docker> {
    if (agreed !== null) return agreed;
    const attempt = agree();
    agreed = attempt;
    attempt.catch(() => {
      if (agreed === attempt) agreed = null;
    });
    return attempt;
  }

  return {
    host,
    async ask(what, request, signal, endless) {
      signal.throwIfAborted();
      const deadline = AbortSignal.timeout(answersWithinMs);
      const either = AbortSignal.any([signal, deadline]);
      try {
        const docker = await orAborted(agreement(), signal);
        const within = endless === undefined ? either : signal;
        return await orAborted(request(docker, within), within);
      } catch (thrown) {
        signal.throwIfAborted();
        // It was replaced by another version meanwhile.
        if (engineStatus(thrown) === 400 && /client version/.test(String(thrown))) agreed = null;
        throw engineError(thrown, { host, what, tookTooLong: isTimeout(thrown) });
      }
    },
    close() {
      options.agent.destroy();
    },
  };
}

/** Everything is named, for what is not is taken from the environment by dockerode. */
function connectionOptions(host: string, tlsDir: string | null) {
  const none = { ca: undefined, cert: undefined, key: undefined, timeout: undefined, pathPrefix: '/' };
  const address = new URL(host);
  if (address.protocol === 'unix:') {
    const agent = briefly(new HttpAgent({ keepAlive: true }));
    const socketPath = decodeURIComponent(address.pathname);
    return { ...none, socketPath, host: undefined, port: undefined, protocol: 'http' as const, agent };
  }
  const secure = tlsDir !== null || address.protocol === 'https:';
  const agent = briefly(secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true }));
  return {
    ...none,
    ...(tlsDir !== null && tlsFiles(tlsDir)),
    host: address.hostname,
    port: address.port || (secure ? '2376' : '2375'),
    protocol: secure ? ('https' as const) : ('http' as const),
    agent,
  };
}

/**
 * The client writes out all that belongs to a request, for a log that nobody reads. By its agent that is whatever else is
 * under way: 100 ms for each request while twenty labs start, in which this process does nothing else.
 */
const briefly = <Agent extends HttpAgent>(agent: Agent): Agent =>
  Object.assign(agent, { [inspect.custom]: () => 'the agent' });

function tlsFiles(folder: string) {
  try {
    const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readFileSync(join(folder, name)));
    return { ca, cert, key };
  } catch (cause) {
    const { message } = cause as Error;
    throw new LabError(
      'bad_request',
      `DOCKER_CERT_PATH: ca.pem, cert.pem and key.pem of the Docker Engine cannot be read: ${message}.`,
      { cause },
    );
  }
}

/** Node tells of an aborted request by its own error, with the reason inside. */
function isTimeout(thrown: unknown): boolean {
  const { name, cause } = (thrown ?? {}) as { name?: unknown; cause?: unknown };
  return name === 'TimeoutError' || (name === 'AbortError' && (cause === undefined || isTimeout(cause)));
}

function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = than.split('.').map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}
